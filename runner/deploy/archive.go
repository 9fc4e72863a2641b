package deploy

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"mlops/runner/config"
)

// archiveEnding ends an archive's name.
const archiveEnding = ".tar.zst"

// archiveParams are the step's parameters.
type archiveParams struct {
	Filename string `yaml:"filename" doc:"Plain name of the file, which ends in .tar.zst; not given: the deployment's name." example:"churn.tar.zst"`
	Level    int    `yaml:"level" range:"[1,22]" doc:"zstd's level of compression."`
}

// archive packs the deployment into one file within it, NAME.tar.zst. What is
// unpacked from it is a deployment again, with checksums of its own.
//
// Its bytes follow from the model, the data, the configuration and the
// deployment's time alone: entries are sorted, owners and the disk's times left
// out, and the metadata in it lacks what only tells how the run went (timings,
// peak memory, the ids of workflow, task and attempt, URLs of what other steps
// put elsewhere).
type archive struct{ archiveParams }

func newArchive(s config.Step) (Step, error) {
	p, err := config.DecodeParamsOver(s, archiveParams{Level: 3})
	if err != nil {
		return nil, err
	}
	if p.Filename != "" {
		if !strings.HasSuffix(p.Filename, archiveEnding) || p.Filename == archiveEnding || strings.ContainsAny(p.Filename, "/\\:\n\r\t\x00") {
			return nil, s.ErrorAt("filename", "must be a plain file name that ends in %s, not %q", archiveEnding, p.Filename)
		}
	}
	return &archive{p}, nil
}

// Run announces the file.
func (a *archive) Run(_ context.Context, c *Context) error {
	switch {
	case c.Inference.ModelFile == "":
		return errors.New("no model was saved; put the step save_model before this one")
	case c.Inference.Preprocessor == "":
		return errors.New("no preprocessing was saved; put the step save_preprocessor before this one")
	}
	name := a.Filename
	if name == "" {
		name = c.Name + archiveEnding
	}
	c.Artifacts["archive"] = name
	return nil
}

// Complete writes the file.
func (a *archive) Complete(ctx context.Context, c *Context) error {
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return err
	}
	defer root.Close()
	entries, err := archiveEntries(root, c)
	if err != nil {
		return err
	}
	return c.Write(c.Artifacts["archive"], 0o666, func(w io.Writer) error {
		// One goroutine: blocks are cut the same however many cores there are.
		z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(a.Level)), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true))
		if err != nil {
			return err
		}
		t := tar.NewWriter(z)
		for _, e := range entries {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			if err := e.write(t, root, c); err != nil {
				return fmt.Errorf("pack %s: %w", e.Path, err)
			}
		}
		return errors.Join(t.Close(), z.Close())
	})
}

// archiveEntry is a file of the deployment, or one of the archive's own.
type archiveEntry struct {
	FileInfo
	executable bool
	content    []byte // nil: the deployment's file
}

// archiveEntries lists what goes into the archive, by path.
func archiveEntries(root *os.Root, c *Context) ([]archiveEntry, error) {
	files, err := scanFiles(root)
	if err != nil {
		return nil, err
	}
	var entries []archiveEntry
	for _, f := range files {
		if f.Path == c.Inference.MetadataFile {
			continue // the archive has its own
		}
		info, err := root.Stat(f.Path)
		if err != nil {
			return nil, err
		}
		entries = append(entries, archiveEntry{FileInfo: f, executable: info.Mode()&0o111 != 0})
	}
	if name := c.Inference.MetadataFile; name != "" {
		var b bytes.Buffer
		if err := writeDocument(&b, lasting(c.Metadata, c.Artifacts)); err != nil {
			return nil, err
		}
		entries = append(entries, ownEntry(name, b.Bytes()))
	}
	listed := make([]FileInfo, len(entries))
	for i, e := range entries {
		listed[i] = e.FileInfo
	}
	entries = append(entries, ownEntry(ChecksumsFile, formatChecksums(listed)))
	slices.SortFunc(entries, func(a, b archiveEntry) int { return strings.Compare(a.Path, b.Path) })
	return entries, nil
}

func ownEntry(name string, content []byte) archiveEntry {
	sum := sha256.Sum256(content)
	return archiveEntry{
		FileInfo: FileInfo{Path: name, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}, content: content,
	}
}

// lasting is what stays the same when the run is repeated.
func lasting(m Metadata, artifacts map[string]string) Metadata {
	m.WorkflowID, m.TaskID, m.Attempt = "", "", 0
	m.Run.Timings, m.Run.PeakRSSBytes = map[string]float64{}, 0
	m.Artifacts = maps.Clone(artifacts)
	maps.DeleteFunc(m.Artifacts, func(name, value string) bool { return name == "archive" || strings.Contains(value, ":/") })
	return m
}

func (e archiveEntry) write(t *tar.Writer, root *os.Root, c *Context) error {
	mode := fs.FileMode(0o644)
	if e.executable {
		mode = 0o755
	}
	err := t.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: path.Join(c.Name, e.Path), Size: e.Size, Mode: int64(mode), ModTime: c.CreatedAt,
	})
	if err != nil {
		return err
	}
	if e.content != nil {
		_, err := t.Write(e.content)
		return err
	}
	f, err := openRegular(root, e.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(t, f)
	return err
}
