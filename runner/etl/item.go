package etl

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Item is the unit of work: mostly a case. It can be told to another process.
type Item struct {
	// Name tells the item from the others: slash-separated words, such as Leak111
	// or D0/01. It names the manifest.
	Name string `json:"name"`
	// Inputs are all that the item's outputs are made of.
	Inputs []Input `json:"inputs"`
	// Params are further settings of this item alone. They count as configuration.
	Params map[string]string `json:"params,omitempty"`
}

// Input is one thing that an item is made of: a file, mostly.
type Input struct {
	// Name tells the input from the item's others, and is what reasons call it:
	// best its path within the source folder.
	Name string `json:"name"`
	// Location is the path or URL that [Work.Open] opens; "" for an input that is
	// no file.
	Location string `json:"location,omitempty"`
	// Size of the file, bytes.
	Size int64 `json:"size,omitempty"`
	// Tag changes whenever the file does: see [Entry].
	Tag string `json:"tag,omitempty"`
	// Digest of the content, where the plan knows it; else it is computed once the
	// tag has changed. It must be given where there is no Location.
	Digest string `json:"digest,omitempty"`
}

// InputOf is an entry of a listing as an input.
func InputOf(e Entry) Input {
	return Input{Name: e.Name, Location: e.Location, Size: e.Size, Tag: e.Tag}
}

// NamedAfter is the item that is made of one file and called after it: its path
// without the ending.
func NamedAfter(e Entry) Item {
	return Item{Name: strings.TrimSuffix(e.Name, path.Ext(e.Name)), Inputs: []Input{InputOf(e)}}
}

// Status is how an item ended.
type Status string

// The states of an item's outcome.
const (
	Done    Status = "done"    // its outputs were made
	Skipped Status = "skipped" // nothing was to do, or the input has nothing to offer; the reason says which
	Failed  Status = "failed"  // it could not be done; the reason says why
	Planned Status = "planned" // it would be done; only of a dry run
)

// UpToDate is the reason of an item that was skipped because its outputs are
// there and nothing that they depend on has changed.
const UpToDate = "up to date"

// Outcome is what became of one item.
type Outcome struct {
	Item   string
	Status Status
	// Reason of a status, e.g. "new", "input changed: Leak111.parquet"; of a done
	// item it is why it was not skipped.
	Reason string
	// Rows that its outputs hold.
	Rows int64
	// Inputs that it was made of, with their digests; none of a failed item.
	Inputs []Input
	// Outputs by their path within the output folder; none of a failed item.
	Outputs []Output
	// Warnings that the pipeline gave.
	Warnings []string
}

// Output is the item's output of that path; nil where it has none.
func (o Outcome) Output(path string) *Output {
	for i := range o.Outputs {
		if o.Outputs[i].Path == path {
			return &o.Outputs[i]
		}
	}
	return nil
}

// Output is a file that was made.
type Output struct {
	// Path within the output folder, slash-separated.
	Path string `json:"path"`
	// Size in bytes.
	Size int64 `json:"size"`
	// Digest is "sha256:" and the hexadecimal hash of the content.
	Digest string `json:"digest"`
	// Tag is what the store told of the file when it was written: see [Entry].
	Tag string `json:"tag"`
}

// checkItems refuses a plan that cannot be told apart.
func checkItems(items []Item) error {
	seen := make(map[string]bool, len(items))
	for _, item := range items {
		if !fs.ValidPath(item.Name) || item.Name == "." || strings.HasPrefix(item.Name, ".") || strings.Contains(item.Name, "/.") {
			return fmt.Errorf("the plan's item %q: a name is made of slash-separated words that do not begin with a dot", item.Name)
		}
		if seen[item.Name] {
			return fmt.Errorf("the plan has two items of the name %q", item.Name)
		}
		seen[item.Name] = true
		inputs := make(map[string]bool, len(item.Inputs))
		for _, in := range item.Inputs {
			if in.Location == "" && in.Digest == "" {
				return fmt.Errorf("item %s: its input %q has neither a location nor a digest", item.Name, in.Name)
			}
			if inputs[in.Name] {
				return fmt.Errorf("item %s: it has two inputs of the name %q", item.Name, in.Name)
			}
			inputs[in.Name] = true
		}
	}
	return nil
}
