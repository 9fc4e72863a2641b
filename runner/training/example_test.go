package training_test

import (
	"context"
	"fmt"

	"mlops/runner/config"
	"mlops/runner/table"
	"mlops/runner/training"
)

func ExampleTrain() {
	ctx := context.Background()
	hours := make([]float64, 60)
	passed := make([]string, 60)
	for i := range hours {
		hours[i] = float64(i) / 3
		passed[i] = "no"
		if hours[i] > 10 {
			passed[i] = "yes"
		}
	}
	exams, err := table.New(table.NewFloat64("hours", hours, nil), table.NewString("passed", passed, nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	outcome, err := training.Train(ctx, training.Request{Table: exams, Target: "passed", Config: config.Default()})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(outcome.Problem, outcome.Model.Name())
	fmt.Printf("accuracy %.2f\n", outcome.Metrics["accuracy"])

	students, err := table.New(table.NewFloat64("hours", []float64{2, 17}, nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	features, err := outcome.Preprocess.TransformForInference(ctx, students)
	if err != nil {
		fmt.Println(err)
		return
	}
	prediction, err := outcome.Model.Predict(ctx, features)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(prediction.Label(0), prediction.Label(1))
	// Output:
	// binary_classification random_forest_classifier
	// accuracy 0.92
	// no yes
}
