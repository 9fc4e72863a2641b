package program

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"mlops/runner/table"
)

// ContractVersion is the version of the contract, as in job.json.
const ContractVersion = 1

// Names within a folder.
const (
	jobFile       = "job.json"
	metricsFile   = "metrics.json"
	modelDir      = "model"
	trainName     = "train"
	validName     = "validation"
	dataName      = "data"
	predictedName = "predictions"
)

// Format is how a program gets data and gives predictions.
type Format string

// The formats, which are also the files' endings.
const (
	Parquet Format = "parquet"
	CSV     Format = "csv"
	JSONL   Format = "jsonl"
)

// Job is what job.json tells a program.
type Job struct {
	Version    int    `json:"version"` // of the contract
	Verb       string `json:"verb"`
	Backend    string `json:"backend"`
	DataFormat Format `json:"data_format"`
	// Input tells whether the data are preprocessed features or raw columns.
	Input       string   `json:"input"`
	ProblemType string   `json:"problem_type"`
	Features    []string `json:"features"` // columns of the data, the first ones of its files
	// Categorical are the features that hold label codes.
	Categorical []string `json:"categorical,omitempty"`
	// Target is the column to predict, which follows the features where it is
	// known. For a classification it holds indices into Classes.
	Target  string            `json:"target"`
	Classes []json.RawMessage `json:"classes,omitempty"`
	// Weight is the column of the rows' weights, the last of the training data; "":
	// there is none.
	Weight      string         `json:"weight,omitempty"`
	RandomState int64          `json:"random_state"`
	Arguments   map[string]any `json:"arguments"` // the user's own
	Rows        map[string]int `json:"rows"`      // of each file of data, by its name
}

// Folder is the place where one run of a program works: its folder, and a scratch
// directory beside it. Close must be called in the end.
type Folder struct {
	dir  string   // of both
	root *os.Root // of the folder itself, opened before any program could replace it
}

const (
	folderName  = "job"
	scratchName = "scratch"
)

// NewFolder makes a folder beneath a directory; "": the system's for temporary
// files. Only this user may look into it.
func NewFolder(parent string) (*Folder, error) {
	dir, err := os.MkdirTemp(parent, "program-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the program: %w", err)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("make a folder for the program: %w", err)
	}
	f := &Folder{dir: dir}
	err = errors.Join(os.Mkdir(f.Path(), 0o700), os.Mkdir(f.scratch(), 0o700))
	if err == nil {
		f.root, err = os.OpenRoot(f.Path())
	}
	if err == nil {
		err = f.root.Mkdir(modelDir, 0o700)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a folder for the program: %w", err), f.Close())
	}
	return f, nil
}

// Path is the folder's path, the program's second argument.
func (f *Folder) Path() string { return filepath.Join(f.dir, folderName) }

func (f *Folder) scratch() string { return filepath.Join(f.dir, scratchName) }

// Close removes the folder.
func (f *Folder) Close() error {
	var err error
	if f.root != nil {
		err = f.root.Close()
	}
	if removed := os.RemoveAll(f.dir); removed != nil {
		// A program may have taken its own directories' rights away.
		_ = filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
			if d != nil && d.IsDir() {
				_ = os.Chmod(path, 0o700) //nolint:gosec // a directory of this user's alone
			}
			return nil
		})
		removed = os.RemoveAll(f.dir)
		if removed != nil {
			err = errors.Join(err, fmt.Errorf("remove the program's folder: %w", removed))
		}
	}
	return err
}

// Tables are the data of a run; nil ones are not written.
type Tables struct {
	Train, Validation, Data *table.Table
}

// Write writes job.json and the data.
func (f *Folder) Write(job Job, t Tables) error {
	job.Version, job.Rows = ContractVersion, map[string]int{}
	if job.Arguments == nil {
		job.Arguments = map[string]any{}
	}
	for _, part := range []struct {
		name string
		t    *table.Table
	}{{trainName, t.Train}, {validName, t.Validation}, {dataName, t.Data}} {
		if part.t == nil {
			continue
		}
		job.Rows[part.name] = part.t.NumRows()
		err := f.create(part.name+"."+string(job.DataFormat), func(w io.Writer) error {
			return table.Write(w, part.t, table.WriteOptions{Format: table.Format(job.DataFormat)})
		})
		if err != nil {
			return fmt.Errorf("write the program's data: %w", err)
		}
	}
	return f.create(jobFile, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		if err := e.Encode(job); err != nil {
			return fmt.Errorf("write the program's %s: %w", jobFile, err)
		}
		return nil
	})
}

func (f *Folder) create(name string, write func(io.Writer) error) error {
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}
