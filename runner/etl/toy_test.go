package etl_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"mlops/runner/config"
	"mlops/runner/etl"
)

// lines is a whole type of pipelines: it numbers the lines of each text file and
// counts them all. Its section:
//
//	lines_pipeline:
//	  source_folder: texts
//	  output_folder: numbered
//	  prefix: "> "
type lines struct {
	etl.Stages[string, string]
}

type linesSettings struct {
	SourceFolder string `yaml:"source_folder" location:"source" needed:"true" text:"path" doc:"The folder of the text files."`
	OutputFolder string `yaml:"output_folder" location:"output" needed:"true" text:"path" doc:"The folder of the numbered files."`
	Prefix       string `yaml:"prefix" doc:"What each line begins with."`
	Start        int    `yaml:"start" range:"[0,)" doc:"The first line's number."`
	Stop         string `yaml:"stop" doc:"A line of this text fails its file; empty: none does."`
	BufferBytes  int    `yaml:"buffer_bytes" range:"[16,)" hash:"never" doc:"Bytes read at once."`
}

// linesType is the one line by which the type is known.
var linesType = etl.NewType("lines", "Number the lines of text files",
	linesSettings{Prefix: "", Start: 1, BufferBytes: 4096}, newLines)

func newLines(p linesSettings, s etl.Setup) (etl.Pipeline, error) {
	if p.Prefix == p.Stop && p.Stop != "" {
		return nil, s.Section.ErrorAt("stop", "is the prefix")
	}
	return &lines{etl.Stages[string, string]{
		Planner:     filesOf{p.SourceFolder, s.Store},
		Extractor:   extractLines{p},
		Validators:  []etl.Validator[string]{etl.ValidatorFunc[string](p.validate)},
		Transformer: number{p},
		Loader:      writeLines{},
	}}, nil
}

type filesOf struct {
	folder string
	store  *etl.Store
}

func (f filesOf) Plan(ctx context.Context) ([]etl.Item, error) {
	files, err := f.store.Files(ctx, f.folder, ".txt")
	if err != nil {
		return nil, err
	}
	var items []etl.Item
	for _, e := range files {
		items = append(items, etl.Item{Name: strings.TrimSuffix(e.Name, path.Ext(e.Name)), Inputs: []etl.Input{etl.InputOf(e)}})
	}
	return items, nil
}

type extractLines struct{ p linesSettings }

func (x extractLines) Extract(ctx context.Context, w *etl.Work) etl.Batches[string] {
	return func(yield func(string, error) bool) {
		file, err := w.Open(ctx, w.Item.Inputs[0])
		if err != nil {
			yield("", err)
			return
		}
		defer file.Close()
		if file.Size() == 0 {
			yield("", etl.Skip("the file is empty"))
			return
		}
		scanner := bufio.NewScanner(bufio.NewReaderSize(file, x.p.BufferBytes))
		for scanner.Scan() {
			if !yield(scanner.Text(), nil) {
				return
			}
		}
		if err := scanner.Err(); err != nil {
			yield("", err)
		}
	}
}

func (p linesSettings) validate(_ context.Context, _ *etl.Work, line string) error {
	if p.Stop != "" && line == p.Stop {
		return fmt.Errorf("there is the line %q", line)
	}
	return nil
}

type number struct{ p linesSettings }

func (n number) Transform(_ context.Context, _ *etl.Work, in etl.Batches[string]) etl.Batches[string] {
	return func(yield func(string, error) bool) {
		at := n.p.Start
		for line, err := range in {
			if !yield(fmt.Sprintf("%s%d %s\n", n.p.Prefix, at, line), err) || err != nil {
				return
			}
			at++
		}
	}
}

type writeLines struct{}

func (writeLines) Load(ctx context.Context, w *etl.Work, in etl.Batches[string]) error {
	return w.Create(ctx, w.Item.Name+".txt", func(out io.Writer) error {
		for line, err := range in {
			if err != nil {
				return err
			}
			if _, err := io.WriteString(out, line); err != nil {
				return err
			}
			w.AddRows(1)
		}
		return nil
	})
}

// Gather writes how many lines each file has.
func (l *lines) Gather(ctx context.Context, w *etl.Work, outcomes []etl.Outcome) error {
	return w.Create(ctx, "metadata/counts.txt", func(out io.Writer) error {
		for _, o := range outcomes {
			if len(o.Outputs) == 0 {
				continue
			}
			if _, err := fmt.Fprintf(out, "%s: %d\n", o.Item, o.Rows); err != nil {
				return err
			}
			w.AddRows(o.Rows)
		}
		return nil
	})
}

// openSection opens a section of a file's text as a run would.
func openSection(text, section, root string, o config.PipelinesOptions, env etl.Env, types ...etl.Type) (*etl.Job, error) {
	o.Section = section
	file, err := config.ParsePipelines("pipelines_config.yml", []byte(text), o)
	if err != nil {
		return nil, err
	}
	return etl.NewRegistry(types...).Open(file, section, root, env)
}
