package linear_test

import (
	"bytes"
	"context"
	"fmt"

	"mlops/runner/linear"
)

// Fit a ridge regression, save it, load it and predict.
func Example() {
	ctx := context.Background()
	x, err := linear.NewDense([]string{"rooms", "age"}, [][]float64{{2, 3, 4, 5, 3}, {30, 5, 12, 1, 40}})
	if err != nil {
		fmt.Println(err)
		return
	}
	price := []float64{150, 260, 330, 450, 190}
	model, err := linear.Ridge{Alpha: 0.1, FitIntercept: true}.Fit(ctx, x, price, linear.FitOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var file bytes.Buffer
	if err := model.WriteJSON(&file); err != nil {
		fmt.Println(err)
		return
	}
	loaded, err := linear.ReadRegressor(&file)
	if err != nil {
		fmt.Println(err)
		return
	}
	predictions, err := loaded.Predict(ctx, x)
	if err != nil {
		fmt.Println(err)
		return
	}
	for j, name := range loaded.FeatureNames() {
		fmt.Printf("%s: %.2f\n", name, loaded.Coef()[j])
	}
	fmt.Printf("predictions: %.0f\n", predictions)
	// Output:
	// rooms: 78.39
	// age: -2.20
	// predictions: [139 272 335 438 195]
}

// Classify texts by the weights of their terms, of which most are zero.
func ExampleLogisticRegression() {
	ctx := context.Background()
	terms, err := linear.NewSparse([]string{"refund", "thanks", "broken"}, 6, []linear.SparseColumn{
		{Rows: []int32{0, 2}, Values: []float64{0.7, 1}},
		{Rows: []int32{1, 4, 5}, Values: []float64{1, 1, 0.6}},
		{Rows: []int32{0, 3}, Values: []float64{0.7, 1}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	complaint := []int{1, 0, 1, 1, 0, 0}
	params, err := linear.ParseLogisticRegression(map[string]any{"C": 10, "class_weight": "balanced"})
	if err != nil {
		fmt.Println(err)
		return
	}
	model, err := params.Fit(ctx, terms, complaint, 2, linear.FitOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	probabilities, err := model.PredictProba(ctx, terms)
	if err != nil {
		fmt.Println(err)
		return
	}
	for row := range complaint {
		fmt.Printf("%.2f ", probabilities[2*row+1])
	}
	fmt.Println("converged:", model.Report().Converged)
	// Output:
	// 0.93 0.07 0.87 0.87 0.07 0.18 converged: true
}

func ExampleParseLogisticRegression() {
	_, err := linear.ParseLogisticRegression(map[string]any{"max_iters": 200})
	fmt.Println(err)
	_, err = linear.ParseLogisticRegression(map[string]any{"penalty": "l1", "l1_ratio": 0.5})
	fmt.Println(err)
	// Output:
	// linear: parameter "max_iters": unknown; did you mean "max_iter"?
	// linear: parameter "l1_ratio": 0.5 contradicts penalty l1: give only one of them, or penalty elasticnet
}
