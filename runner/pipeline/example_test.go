package pipeline_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mlops/runner/config"
	"mlops/runner/pipeline"
)

// A model is trained on a file, scores another one, and tells how it is.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	// Plants that get between 2 and 5 glasses of water thrive.
	var data strings.Builder
	data.WriteString("water,shade,thrives\n")
	for i := range 300 {
		water := i % 8
		fmt.Fprintf(&data, "%d,%s,%s\n", water, []string{"sun", "shade"}[i%3%2], map[bool]string{true: "yes", false: "no"}[water >= 2 && water <= 5])
	}
	plants, garden := filepath.Join(dir, "plants.csv"), filepath.Join(dir, "garden.csv")
	os.WriteFile(plants, []byte(data.String()), 0o666)
	os.WriteFile(garden, []byte("water,shade\n0,sun\n3,shade\n4,sun\n7,shade\n"), 0o666)

	c := config.Default()
	c.Training.Backend = "lightgbm"
	c.Training.Params = map[string]any{"n_estimators": 20}
	c.Deployment.OutputDir = filepath.Join(dir, "models")

	trained, err := pipeline.Train(ctx, pipeline.TrainRequest{Data: plants, Target: "thrives", Config: c}, pipeline.Env{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(trained.ModelName, trained.ProblemType, trained.Classes)
	fmt.Printf("accuracy %.2f on rows that the model has not seen\n", trained.Metrics["accuracy"])
	var files []string
	for _, f := range trained.Deployment.Files {
		if f.Path != trained.Deployment.Artifacts["report"] && strings.HasPrefix(f.Path, "report/") {
			continue // its document and plots
		}
		files = append(files, f.Path)
	}
	fmt.Println(strings.Join(files, " "))

	model := trained.Deployment.Dir
	predicted, err := pipeline.Predict(ctx, pipeline.PredictRequest{Data: garden, Model: model}, pipeline.Env{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(predicted.Head)

	status, err := pipeline.Status(ctx, pipeline.StatusRequest{Model: model}, pipeline.Env{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(status.Status, status.Version, status.Features, status.Predictions.Rows, "rows predicted")

	observed, err := pipeline.Observe(ctx, pipeline.ObserveRequest{Model: model}, pipeline.Env{})
	if err != nil {
		fmt.Println(err)
		return
	}
	lines := strings.Split(strings.TrimSpace(observed.Report), "\n")
	fmt.Println(lines[0], "…", lines[len(lines)-1])
	// Output:
	// lightgbm binary_classification [no yes]
	// accuracy 1.00 on rows that the model has not seen
	// inference.json metadata.json model.txt preprocessor.json profile.json report/report.txt schema.json checksums.txt
	// [no yes yes no]
	// deployed 1.0.0 [water shade] 4 rows predicted
	// Monitoring report … All is well: 5 checks passed.
}
