package client_test

import (
	"context"
	"fmt"

	"mlops/client"
	mlopsv1 "mlops/proto/mlops/v1"
)

// A program submits a workflow, follows its story and takes its end. The master
// here is a fake in memory; client.Dial connects to a real one.
func Example() {
	ctx := context.Background()
	c, stop := dial(newMaster(3))
	defer stop()

	w, err := c.Submit(ctx, client.Submission{
		Spec: &mlopsv1.TaskSpec{Operation: &mlopsv1.Operation{
			Kind: &mlopsv1.Operation_Train{Train: &mlopsv1.TrainOperation{Data: "/data/churn.csv", Target: "churned"}},
		}},
		Labels: map[string]string{"team": "growth"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("submitted", w.GetWorkflowId())
	for event, err := range c.Watch(ctx, w.GetWorkflowId(), 0) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(event.GetSeq(), event.GetLog().GetText())
	}
	w, err = c.Wait(ctx, w.GetWorkflowId())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(w.GetState())
	// Output:
	// submitted w1
	// 1 line 1
	// 2 line 2
	// 3 line 3
	// WORKFLOW_STATE_SUCCEEDED
}
