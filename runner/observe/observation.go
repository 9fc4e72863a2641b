package observe

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"mlops/runner/observe/outbound"
	"mlops/runner/profile"
	"mlops/runner/table"
)

// Services are what a report's steps may reach.
type Services struct {
	// Read reads a table at a location, within what is allowed; nil: none is.
	Read func(ctx context.Context, location string, o table.ReadOptions) (*table.Table, error)
	// Write makes the file at a location, whole or not at all, within what is
	// allowed; nil: none is.
	Write func(ctx context.Context, location string, write func(io.Writer) error) error
	// Sender sends to endpoints that are allowed; nil: none is.
	Sender *outbound.Sender
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Scene is what a report is made of.
type Scene struct {
	Subject  Subject
	Store    Store
	Services Services
	// Metrics are what the deployment knew of itself; the history's newer ones come
	// before them.
	Metrics map[string]float64
	// Profile is the training data's; nil: it is not known.
	Profile *profile.Profile
	// Labels is the location of true values that have arrived, for the step
	// performance; "": its own parameter's.
	Labels string
}

// Observation is a report in the making. Steps add to Metrics, Checks, Notes,
// Drift and Performance.
type Observation struct {
	Scene
	At      time.Time
	Metrics map[string]float64 // newest values
	History *History
	Checks  []Check
	Notes   []string
	// Drift is what the step drift found; nil where there is none.
	Drift *Drift
	// Performance is what the step performance found; nil where there is none.
	Performance *Performance
}

// Note adds a note.
func (o *Observation) Note(format string, args ...any) {
	o.Notes = append(o.Notes, fmt.Sprintf(format, args...))
}

// Alert reports whether any check failed.
func (o *Observation) Alert() bool { return len(o.Failed()) > 0 }

// Failed are the checks that failed.
func (o *Observation) Failed() []Check {
	var failed []Check
	for _, c := range o.Checks {
		if !c.OK {
			failed = append(failed, c)
		}
	}
	return failed
}

// Observe reads the history, has every step measure, then judge it, and tells
// them of the finished report.
func (steps Steps) Observe(ctx context.Context, scene Scene) (*Observation, error) {
	if scene.Services.Now == nil {
		scene.Services.Now = time.Now
	}
	if scene.Services.Sender == nil {
		scene.Services.Sender = &outbound.Sender{}
	}
	history, err := scene.Store.History(ctx)
	if err != nil {
		return nil, err
	}
	o := &Observation{Scene: scene, At: scene.Services.Now().UTC(), Metrics: maps.Clone(scene.Metrics), History: history}
	if o.Metrics == nil {
		o.Metrics = make(map[string]float64)
	}
	if history.Damaged > 0 {
		o.Note("%d lines of the logs could not be read and are left out", history.Damaged)
	}
	for _, step := range steps {
		if err := step.Measured(ctx, o); err != nil {
			return nil, err
		}
	}
	history.tidy() // what was measured takes its place by time
	maps.Copy(o.Metrics, history.Latest())
	for _, step := range steps {
		if err := step.Observed(ctx, o); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(o.Checks, func(a, b Check) int { return strings.Compare(a.Metric, b.Metric) })
	for _, step := range steps {
		if err := step.Reported(ctx, o); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				return nil, cause
			}
			o.Note("%v", err)
		}
	}
	return o, nil
}
