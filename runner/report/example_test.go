package report_test

import (
	"context"
	"fmt"
	"os"

	"mlops/runner/report"
)

func Example() {
	truth := report.Truth{Problem: report.Binary, Names: []string{"no", "yes"}, Classes: []int{0, 1, 1, 0, 1}}
	prediction := report.Prediction{
		Classes: []int{0, 1, 0, 0, 1},
		Proba:   []float64{0.8, 0.2, 0.3, 0.7, 0.6, 0.4, 0.5, 0.5, 0.1, 0.9},
	}
	r, err := report.New(context.Background(), truth, prediction, report.Options{Target: "churned", Data: "validation"})
	if err != nil {
		fmt.Println(err)
		return
	}
	gain, err := report.Trees(report.GainImportance, []string{"tenure", "charges"}, []float64{12.5, 30})
	if err != nil {
		fmt.Println(err)
		return
	}
	r.Importances = append(r.Importances, gain)
	auc, _ := r.Metric("roc_auc")
	fmt.Printf("roc_auc %.3f\n", auc)
	for _, p := range r.Plots() {
		f, err := os.CreateTemp("", p.Name+"*.svg")
		if err != nil {
			fmt.Println(err)
			return
		}
		defer os.Remove(f.Name())
		defer f.Close()
		if err := p.Write(f, report.SVG); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(p.Name)
	}
	// Output:
	// roc_auc 0.833
	// confusion_matrix
	// roc
	// precision_recall
	// calibration
	// gain
	// importance_gain
}
