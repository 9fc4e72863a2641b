package observe

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"mlops/runner/table"
)

const (
	// rowsStamp begins the names of files of rows, so that they sort by time.
	rowsStamp = "20060102T150405.000000000Z"
	// anonymous begins what stands for the id of a call that has none.
	anonymous = "~"
	// rowsBytes is what files of rows may take together for each segment that a log
	// would have, where no limit is given.
	rowsBytes = 64 << 20
)

// rowsDir is a directory of predictions of single rows: a Parquet file for each
// call, named by time and task. A file is there whole or not at all.
type rowsDir struct{ path string }

// rowsFile is one of them.
type rowsFile struct {
	name string
	at   time.Time
	task string // "" where the call had none
}

// append adds a file and drops the oldest ones beyond the limits.
func (d rowsDir) append(ctx context.Context, e RowsEntry, l Limits, now time.Time) error {
	data, err := encodeRows(e.Table)
	if err == nil {
		err = os.MkdirAll(d.path, 0o777)
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		err = renameio.WriteFile(filepath.Join(d.path, rowsName(e)), data, 0o666, renameio.WithTempDir(d.path))
	}
	if err == nil {
		err = d.prune(l, now)
	}
	if err != nil {
		return fmt.Errorf("record rows in %s: %w", d.path, err)
	}
	return nil
}

func encodeRows(t *table.Table) ([]byte, error) {
	var b bytes.Buffer
	err := table.Write(&b, t, table.WriteOptions{Format: table.Parquet})
	return b.Bytes(), err
}

func rowsName(e RowsEntry) string {
	task := safeName(e.TaskID)
	if task == "" {
		random := make([]byte, 8)
		_, _ = rand.Read(random) // which never fails
		task = anonymous + hex.EncodeToString(random)
	}
	return e.Time.UTC().Format(rowsStamp) + "-" + task + ".parquet"
}

// list returns the files, oldest first, each task's once.
func (d rowsDir) list() ([]rowsFile, error) {
	entries, err := os.ReadDir(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var files []rowsFile
	seen := make(map[string]bool)
	for _, e := range entries { // by name, and so by time
		stamp, task, ok := strings.Cut(strings.TrimSuffix(e.Name(), ".parquet"), "-")
		at, err := time.Parse(rowsStamp, stamp)
		if !ok || err != nil || filepath.Ext(e.Name()) != ".parquet" || seen[task] {
			continue
		}
		seen[task] = true
		if strings.HasPrefix(task, anonymous) {
			task = ""
		}
		files = append(files, rowsFile{name: e.Name(), at: at, task: task})
	}
	return files, nil
}

// prune drops the oldest files while all of them take too much, and those that
// are too old. What a crash left half-written goes when it is old, too.
func (d rowsDir) prune(l Limits, now time.Time) error {
	if l.MaxBytes <= 0 {
		l.MaxBytes = rowsBytes
	}
	l = l.withDefaults()
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	room := l.MaxBytes * int64(l.MaxSegments+1)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(b.Name(), a.Name()) })
	for i, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // somebody else was faster
		}
		if err != nil {
			return err
		}
		room -= info.Size()
		stamp, _, _ := strings.Cut(e.Name(), "-")
		at, err := time.Parse(rowsStamp, stamp)
		if err != nil {
			at = info.ModTime()
		}
		if i > 0 && room < 0 || now.Sub(at) > l.MaxAge || err != nil && now.Sub(at) > time.Hour {
			if err := os.Remove(filepath.Join(d.path, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// visit reads the files, oldest first. One that cannot be read counts as damaged.
func (d rowsDir) visit(ctx context.Context, visit func(RowsEntry) error) (damaged int, err error) {
	files, err := d.list()
	if err != nil {
		return 0, fmt.Errorf("read the rows in %s: %w", d.path, err)
	}
	for _, f := range files {
		e, err := readRows(ctx, filepath.Join(d.path, f.name), f)
		switch {
		case ctx.Err() != nil:
			return damaged, context.Cause(ctx)
		case errors.Is(err, fs.ErrNotExist):
			continue // dropped meanwhile
		case err != nil:
			damaged++
			continue
		}
		if err := visit(e); err != nil {
			return damaged, err
		}
	}
	return damaged, nil
}

func readRows(ctx context.Context, path string, f rowsFile) (RowsEntry, error) {
	t, err := table.ReadFile(ctx, path, table.ReadOptions{Format: table.Parquet})
	if err != nil {
		return RowsEntry{}, err
	}
	for _, name := range []string{rowIDColumn, predictionColumn} {
		if !t.Has(name) {
			return RowsEntry{}, &table.MissingColumnError{Name: name, Have: t.Names()}
		}
	}
	return RowsEntry{Time: f.at, TaskID: f.task, Table: t}, nil
}
