package metrics_test

import (
	"fmt"

	"mlops/runner/metrics"
)

func Example() {
	yTrue := []int{0, 1, 1, 0, 1}
	score := []float64{0.2, 0.7, 0.4, 0.5, 0.9}
	yPred := make([]int, len(score))
	for i, p := range score {
		if p > 0.5 {
			yPred[i] = 1
		}
	}
	auc, err := metrics.ROCAUC(yTrue, score)
	if err != nil {
		fmt.Println(err)
		return
	}
	higher, _ := metrics.Direction("roc_auc")
	fmt.Printf("accuracy %.2f, roc_auc %.3f (higher is better: %v)\n", metrics.Accuracy(yTrue, yPred), auc, higher)
	// Output: accuracy 0.80, roc_auc 0.833 (higher is better: true)
}
