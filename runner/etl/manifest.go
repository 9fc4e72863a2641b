package etl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"mlops/runner/storage"
)

const (
	// manifestFolder lies in the output folder; its name hides it from listings.
	manifestFolder = ".manifests"
	// manifestFormat changes when the meaning of manifests does.
	manifestFormat = "etl-manifest-1"
)

// Manifest is the record of one item beside its outputs.
type Manifest struct {
	// Format is the version of this form.
	Format string `json:"format"`
	// Type is the pipeline's.
	Type string `json:"type"`
	// Item is the item's name.
	Item string `json:"item"`
	// ConfigHash is the hash of every effective key.
	ConfigHash string `json:"config_hash"`
	// Config has every effective key by its dotted path, as text, to say what
	// differs.
	Config map[string]string `json:"config"`
	// CodeVersion is the version of the program.
	CodeVersion string `json:"code_version"`
	// Inputs as they were read, each with its digest.
	Inputs []Input `json:"inputs"`
	// Outputs as they were written.
	Outputs []Output `json:"outputs,omitempty"`
	// Rows that the outputs hold.
	Rows int64 `json:"rows"`
	// Skipped says why there are no outputs, where the item was skipped.
	Skipped string `json:"skipped,omitempty"`
	// Warnings that the pipeline gave.
	Warnings []string `json:"warnings,omitempty"`
}

// outcome is what a manifest that still holds tells.
func (m *Manifest) outcome(item string) Outcome {
	o := Outcome{Item: item, Status: Skipped, Reason: UpToDate, Rows: m.Rows, Inputs: m.Inputs, Outputs: m.Outputs, Warnings: m.Warnings}
	if m.Skipped != "" {
		o.Reason = m.Skipped
	}
	return o
}

// readManifest returns nil where there is none, or none that can be read: an
// item without a manifest is done again, and problem says why.
func (j *Job) readManifest(ctx context.Context, location string) (m *Manifest, problem string, err error) {
	text, err := j.store.opener.ReadText(ctx, location)
	var tooLarge *storage.TooLargeError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", nil
	case err != nil && !errors.As(err, &tooLarge):
		return nil, "", err
	}
	m = &Manifest{}
	if damaged := tooLarge != nil || json.Unmarshal([]byte(text), m) != nil; damaged {
		return nil, "the manifest is damaged", nil
	}
	if m.Format != manifestFormat {
		return nil, fmt.Sprintf("the manifest has the format %q, not %q", m.Format, manifestFormat), nil
	}
	return m, "", nil
}

func (j *Job) writeManifest(ctx context.Context, location string, m *Manifest) error {
	return j.store.WriteAtomic(ctx, location, func(w io.Writer) error {
		if err := writeJSON(w, m); err != nil {
			return err
		}
		return j.permit(ctx)
	})
}

func (j *Job) manifestRoot() string {
	return Join(j.output, manifestFolder+"/"+j.typeName)
}

func (j *Job) itemManifest(name string) string {
	return Join(j.manifestRoot(), "items/"+name+".json")
}

func (j *Job) gatherManifest() string { return Join(j.manifestRoot(), "gather.json") }

// configDifference says which keys differ, at most a few; "" if none.
func configDifference(before, now map[string]string) string {
	const most = 3
	var differ []string
	keys := slices.Sorted(maps.Keys(now))
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if _, ok := now[key]; !ok {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		a, had := before[key]
		b, has := now[key]
		switch {
		case had && has && a == b:
		case !had:
			differ = append(differ, fmt.Sprintf("%s is new: %s", key, shown(b)))
		case !has:
			differ = append(differ, fmt.Sprintf("%s is gone, was %s", key, shown(a)))
		default:
			differ = append(differ, fmt.Sprintf("%s %s → %s", key, shown(a), shown(b)))
		}
	}
	if len(differ) > most {
		differ = append(differ[:most], fmt.Sprintf("and %d more", len(differ)-most))
	}
	return strings.Join(differ, ", ")
}

func shown(value string) string {
	const most = 40
	if r := []rune(value); len(r) > most {
		value = string(r[:most]) + "…"
	}
	if value == "" {
		return `""`
	}
	return value
}
