package gbdt_test

import (
	"bytes"
	"context"
	"fmt"
	"math"

	"mlops/runner/gbdt"
)

// Train a regression, save it as LightGBM's model text, and predict.
func Example() {
	x, y := make([]float64, 500), make([]float64, 500)
	for i := range x {
		x[i] = float64(i) / 50
		y[i] = math.Floor(x[i]) // steps from 0 to 9
	}
	params, err := gbdt.ParseParams(gbdt.DefaultParams(), map[string]any{
		"objective": "regression", "n_estimators": 50, "learning_rate": 0.3, "num_leaves": 15,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	train, err := gbdt.NewDataset(context.Background(), []gbdt.Feature{{Name: "x", Values: x}}, y, nil, params)
	if err != nil {
		fmt.Println(err)
		return
	}
	model, err := gbdt.Train(context.Background(), train, nil, params)
	if err != nil {
		fmt.Println(err)
		return
	}
	var text bytes.Buffer
	if err := model.WriteText(&text); err != nil {
		fmt.Println(err)
		return
	}
	loaded, err := gbdt.ReadText(&text)
	if err != nil {
		fmt.Println(err)
		return
	}
	predictions, err := loaded.Predict([][]float64{{0.5, 4.2, 9.9}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s, %d trees: %.2f\n", loaded.Objective(), loaded.NumTrees(), predictions)
	// Output: regression, 50 trees: [0.00 4.00 9.00]
}

func ExampleParseParams() {
	_, err := gbdt.ParseParams(gbdt.DefaultParams(), map[string]any{"learningrate": 0.1})
	fmt.Println(err)
	_, err = gbdt.ParseParams(gbdt.DefaultParams(), map[string]any{"num_leaves": 1})
	fmt.Println(err)
	// Output:
	// gbdt: parameter "learningrate": unknown; did you mean "learning_rate"?
	// gbdt: parameter "num_leaves": must be >= 2 and <= 131072, not 1 (int)
}

// A loss of one's own: squared error that minds too low a prediction four times
// as much.
func ExampleTrainWith() {
	x, y := make([]float64, 400), make([]float64, 400)
	for i := range x {
		x[i] = float64(i % 20)
		y[i] = float64(i % 20 / 10 * (i / 20 % 2)) // 0, or in the upper half as often 1
	}
	params := gbdt.DefaultParams()
	params.Objective, params.NumIterations, params.NumLeaves = gbdt.CustomLoss, 100, 2
	train, err := gbdt.NewDataset(context.Background(), []gbdt.Feature{{Name: "x", Values: x}}, y, nil, params)
	if err != nil {
		fmt.Println(err)
		return
	}
	asymmetric := func(score []float64, gradient, hessian []float32) error {
		for row, s := range score {
			weight := float32(1)
			if s < y[row] {
				weight = 4
			}
			gradient[row], hessian[row] = weight*float32(s-y[row]), weight
		}
		return nil
	}
	model, err := gbdt.TrainWith(context.Background(), train, nil, params, gbdt.Options{Objective: asymmetric})
	if err != nil {
		fmt.Println(err)
		return
	}
	predictions, err := model.Predict([][]float64{{3, 17}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.2f\n", predictions)
	// Output: [0.00 0.80]
}
