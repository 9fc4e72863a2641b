package embedded_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"mlops/client"
	mlopsv1 "mlops/proto/mlops/v1"
)

// However short a training is, all that it says stands before its end.
func TestShortTrainingsLoseNoLine(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "state"))
	defer closed(t, s)
	var table strings.Builder
	table.WriteString("age,tenure,churned\n")
	for i := range 80 {
		fmt.Fprintf(&table, "%d,%d,%s\n", 20+i, i*7%20, []string{"no", "yes"}[i*i*31%97/49])
	}
	data := filepath.Join(dir, "churn.csv")
	if err := os.WriteFile(data, []byte(table.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	const trainings, atOnce = 32, 4
	stories := make([][]string, trainings)
	var group sync.WaitGroup
	for first := range atOnce {
		group.Go(func() {
			for i := first; i < trainings; i += atOnce {
				w, err := clientOf(s).Submit(t.Context(), client.Submission{Labels: s.Labels(), Spec: &mlopsv1.TaskSpec{
					Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Train{Train: &mlopsv1.TrainOperation{
						Data: data, NoDeploy: true,
						ConfigYaml: "training: {backend: lightgbm, cv_folds: 0, params: {num_iterations: 1}}",
					}}},
					Requirements: &mlopsv1.Requirements{Labels: s.Labels()},
				}})
				if err != nil {
					t.Error(err)
					return
				}
				for event, err := range clientOf(s).Watch(t.Context(), w.GetWorkflowId(), 0) {
					if err != nil {
						t.Error(err)
						return
					}
					if text := event.GetLog().GetText(); text != "" {
						stories[i] = append(stories[i], event.GetLog().GetStage()+": "+text)
					}
					if f := event.GetWorkflowChanged().GetFailure(); f != nil {
						t.Errorf("training %d failed: %v", i, f)
					}
				}
			}
		})
	}
	group.Wait()
	for i, story := range stories {
		if !slices.ContainsFunc(story, func(line string) bool { return strings.HasPrefix(line, "read: ") && strings.Contains(line, "80") }) {
			t.Errorf("training %d does not tell what it read:\n%s", i, strings.Join(story, "\n"))
		}
		if len(story) != len(stories[0]) {
			t.Errorf("training %d tells %d lines, the first %d:\n%s", i, len(story), len(stories[0]), strings.Join(story, "\n"))
		}
	}
}
