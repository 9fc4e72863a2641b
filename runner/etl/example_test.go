package etl_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"mlops/runner/config"
	"mlops/runner/etl"
)

// A new type of pipelines is a package of its own and one line where the
// registry is made; the runner stays as it is. The type lines is in
// toy_test.go.
func Example() {
	types := etl.NewRegistry(linesType)

	root, err := os.MkdirTemp("", "etl-example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(root)
	write := func(name, text string) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			log.Fatal(err)
		}
	}
	write("texts/a.txt", "one\ntwo\n")
	write("texts/b.txt", "three\n")
	write("texts/c.txt", "")

	file, err := config.ParsePipelines("pipelines_config.yml", []byte(`
lines_pipeline:
  source_folder: texts
  output_folder: numbered
`), config.PipelinesOptions{})
	if err != nil {
		log.Fatal(err)
	}
	run := func() {
		job, err := types.Open(file, "lines_pipeline", root, etl.Env{Version: "1"})
		if err != nil {
			log.Fatal(err)
		}
		result, err := job.Run(context.Background(), etl.Options{})
		if err != nil {
			log.Fatal(err)
		}
		for _, o := range result.Outcomes {
			fmt.Printf("%s %s (%s), %d rows\n", o.Item, o.Status, o.Reason, o.Rows)
		}
		fmt.Println("together", result.Gathered.Status)
	}
	run()
	run()
	write("texts/b.txt", "three\nfour\n")
	run()
	// Output:
	// a done (new), 2 rows
	// b done (new), 1 rows
	// c skipped (the file is empty), 0 rows
	// together done
	// a skipped (up to date), 2 rows
	// b skipped (up to date), 1 rows
	// c skipped (the file is empty), 0 rows
	// together skipped
	// a skipped (up to date), 2 rows
	// b done (input changed: b.txt), 2 rows
	// c skipped (the file is empty), 0 rows
	// together done
}
