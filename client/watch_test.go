package client_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mlops/client"
	mlopsv1 "mlops/proto/mlops/v1"
)

// follow returns the sequence numbers that a watch yields.
func follow(t *rapid.T, c *client.Client, fromSeq uint64) []uint64 {
	var seqs []uint64
	for event, err := range c.Watch(t.Context(), "w1", fromSeq) {
		if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, event.GetSeq())
	}
	return seqs
}

func numbers(from, to uint64) (seqs []uint64) {
	for n := from; n <= to; n++ {
		seqs = append(seqs, n)
	}
	return seqs
}

// Wherever connections break, and whatever a master repeats, a watch yields
// each event that is there once and in order.
func TestAWatchNeitherRepeatsNorSkips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMaster(rapid.IntRange(1, 12).Draw(t, "events"))
		m.breakAfter = rapid.SliceOfN(rapid.IntRange(-1, 6), 0, 8).Draw(t, "breaks")
		m.stragglers = rapid.Bool().Draw(t, "stragglers")
		m.dropped = uint64(rapid.IntRange(0, len(m.events)-1).Draw(t, "dropped"))
		from := uint64(rapid.IntRange(0, len(m.events)).Draw(t, "from"))
		m.workflows = []*mlopsv1.Workflow{{WorkflowId: "w1", State: mlopsv1.WorkflowState_WORKFLOW_STATE_RUNNING}}
		c, stop := dial(m)
		defer stop()
		got := follow(t, c, from)
		first := max(from, 1, m.dropped+1)
		if m.stragglers && first > from {
			first = max(from, 1, m.dropped) // the fake repeats one that it has, though dropped
		}
		if d := cmp.Diff(numbers(first, uint64(len(m.events))), got); d != "" {
			t.Errorf("streams asked from %v: %s", m.asked, d)
		}
	})
}

func TestAWatchEndsWhereItsCallerStops(t *testing.T) {
	m := newMaster(10)
	m.workflows = []*mlopsv1.Workflow{{WorkflowId: "w1"}}
	for event, err := range start(t, m).Watch(t.Context(), "w1", 4) {
		if err != nil || event.GetSeq() != 4 {
			t.Fatalf("got %v, %v", event, err)
		}
		break
	}
	if m.streams != 1 {
		t.Errorf("%d streams", m.streams)
	}
}

func TestAWatchOfNothing(t *testing.T) {
	var last error
	for _, err := range client.New(&missing{}, client.Tuning{}).Watch(t.Context(), "w9", 0) {
		last = err
	}
	if !errors.Is(last, client.ErrNotFound) {
		t.Errorf("error is %v", last)
	}
}

func TestWaitReturnsTheFinalWorkflow(t *testing.T) {
	m := newMaster(6)
	m.breakAfter = []int{2, 0, 3}
	c := start(t, m)
	w, err := c.Submit(t.Context(), client.Submission{Spec: probe()})
	if err != nil {
		t.Fatal(err)
	}
	w, err = c.Wait(t.Context(), w.GetWorkflowId())
	if err != nil || w.GetState() != mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED {
		t.Errorf("got %v, %v", w, err)
	}
}
