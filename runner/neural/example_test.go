package neural_test

import (
	"bytes"
	"context"
	"fmt"
	"math"

	"mlops/runner/neural"
)

// Train a network on a number and a category, save it, load it and predict.
func Example() {
	// A cosine that starts elsewhere for each of three machines.
	var x, machine, y []float64
	for i := range 150 {
		v, m := float64(i%50)/12-2, float64(i%3)
		x, machine, y = append(x, v), append(machine, m), append(y, math.Cos(v+m))
	}
	params, err := neural.ParseParams(neural.DefaultParams(), map[string]any{
		"hidden_layer_sizes": []int{20}, "activation": "tanh", "solver": "lbfgs", "max_iter": 150,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	model, err := neural.Train(context.Background(), neural.Dataset{
		Features: []neural.Feature{{Name: "x", Values: x}, {Name: "machine", Values: machine, Categories: 3}},
		Target:   y,
	}, params, neural.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var file bytes.Buffer
	if err := model.WriteJSON(&file); err != nil {
		fmt.Println(err)
		return
	}
	loaded, err := neural.ReadJSON(&file)
	if err != nil {
		fmt.Println(err)
		return
	}
	values, err := loaded.Predict(context.Background(), [][]float64{{0, 0, 0}, {0, 1, 2}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.1f of %.1f %.1f %.1f\n", values, math.Cos(0), math.Cos(1), math.Cos(2))
	// Output: [1.0 0.5 -0.4] of 1.0 0.5 -0.4
}

// Classes with a report after each epoch; the training stops early on validation
// rows.
func ExampleTrain() {
	var x, class []float64
	for i := range 300 {
		x, class = append(x, float64(i)/100), append(class, math.Floor(float64(i)/100))
	}
	params := neural.DefaultParams()
	params.Loss, params.NumClass = neural.LogLoss, 3
	params.EarlyStopping, params.LearningRateInit = true, 0.05
	epochs := 0
	model, err := neural.Train(context.Background(), neural.Dataset{Features: []neural.Feature{{Name: "x", Values: x}}, Target: class}, params, neural.Options{
		OnEpoch: func(e neural.Epoch) error {
			epochs = e.Number
			return nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	classes, err := model.Predict(context.Background(), [][]float64{{0.5, 1.5, 2.5}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(classes, model.History().BestEpoch <= epochs, epochs < params.MaxIter)
	// Output: [0 1 2] true true
}

func ExampleParseParams() {
	_, err := neural.ParseParams(neural.DefaultParams(), map[string]any{"learning_rate_int": 0.1})
	fmt.Println(err)
	_, err = neural.ParseParams(neural.DefaultParams(), map[string]any{"batch_size": 0})
	fmt.Println(err)
	// Output:
	// neural: parameter "learning_rate_int": unknown; did you mean "learning_rate_init"?
	// neural: parameter "batch_size": must be a whole number >= 1 and <= 2147483647, or auto, not 0 (int)
}
