package observe

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"mlops/runner/config"
	"mlops/runner/profile"
	"mlops/runner/table"
)

// Drift is how the rows predicted of late differ from the training data.
type Drift struct {
	Rows     int64         `json:"rows"` // predicted in the window
	Calls    int64         `json:"calls"`
	From     time.Time     `json:"from,omitzero"` // of the oldest call
	To       time.Time     `json:"to,omitzero"`
	Training int64         `json:"training_rows"`
	Columns  []ColumnDrift `json:"columns"` // in training's order, the predictions last
}

// ColumnDrift is one column's part in it.
type ColumnDrift struct {
	Name        string        `json:"name"`
	Kind        string        `json:"kind"`
	Predictions bool          `json:"predictions,omitempty"` // the model's, not a column of the data
	Measures    []Measure     `json:"measures,omitempty"`
	Worst       string        `json:"worst,omitempty"` // the measure nearest to, or farthest beyond, its limit
	Drifted     bool          `json:"drifted"`         // that measure is beyond it, and not by chance
	Problem     string        `json:"problem,omitempty"`
	ShareError  float64       `json:"share_error"` // see profile.Distance
	Bins        []profile.Bin `json:"-"`
}

// Measure is a distance with its limit.
type Measure struct {
	Name  string  `json:"name"` // psi, js, ks or missing_rate
	Value float64 `json:"value"`
	Limit float64 `json:"limit"` // of the configuration
	// PValue is the probability of so large a difference between two samples of one
	// distribution with so many rows.
	PValue float64 `json:"p_value"`
	// Beyond says that the value is above its limit, and that chance does not
	// explain it.
	Beyond bool `json:"beyond"`
}

// Names of the measures.
const (
	measurePSI     = "psi"
	measureJS      = "js"
	measureKS      = "ks"
	measureMissing = "missing_rate"
)

// drift profiles what is predicted and compares it with the training data.
type drift struct {
	Base
	limits Limits
	window time.Duration
	driftParams
}

type driftParams struct {
	PSI          float64  `yaml:"psi" range:"[0,)" doc:"Threshold of the population stability index."`
	KS           float64  `yaml:"ks" range:"[0,1]" doc:"Threshold of the Kolmogorov–Smirnov statistic, of numbers."`
	JS           float64  `yaml:"js" range:"[0,1]" doc:"Threshold of the Jensen–Shannon distance to base 2."`
	MissingRate  float64  `yaml:"missing_rate" range:"[0,1]" doc:"Threshold of the difference of the shares of missing cells."`
	Significance float64  `yaml:"significance" range:"(0,1]" doc:"Probability of any false alarm in a report."`
	Bins         int      `yaml:"bins" range:"[2,1000]" doc:"Bins of a column of numbers."`
	Window       string   `yaml:"window" doc:"How far back calls count, such as 12h or 7d."`
	Columns      []string `yaml:"columns" doc:"Columns to watch; not given: all." example:"[monthly_fee]"`
	Ignore       []string `yaml:"ignore" doc:"Columns not to watch." example:"[order_id]"`
	MaxBytes     int      `yaml:"max_bytes" range:"[0,)" doc:"Bytes at which a segment of the log of profiles is closed; 0 means 32 MiB."`
	MaxSegments  int      `yaml:"max_segments" range:"[0,1000]" doc:"Closed segments that are kept; 0 means 4."`
	MaxAge       string   `yaml:"max_age" doc:"Closed segments whose newest entry is older go: a time such as 90s, 12h or 7d; not given: 400d." example:"90d"`
}

func newDrift(s config.Step) (Step, error) {
	p, err := config.DecodeParamsOver(s, driftParams{
		PSI: 0.2, KS: 0.2, JS: 0.2, MissingRate: 0.1, Significance: 0.001, Bins: profile.DefaultBins, Window: "30d",
	})
	if err != nil {
		return nil, err
	}
	d := &drift{driftParams: p}
	if d.limits, err = limits(s, p.MaxBytes, p.MaxSegments, p.MaxAge); err != nil {
		return nil, err
	}
	d.window, err = duration(s, "window", p.Window)
	return d, err
}

// watches reports whether a column is looked at.
func (d *drift) watches(name string) bool {
	return (len(d.Columns) == 0 || slices.Contains(d.Columns, name)) && !slices.Contains(d.Ignore, name)
}

// Points and categories that a call's profile keeps; where the line gets too long
// for the log, as few as make it fit.
const (
	callPoints     = 256
	callCategories = 256
	leastPoints    = 16
)

// Predicted records what a call's rows and predictions look like.
func (d *drift) Predicted(ctx context.Context, p *Prediction) error {
	var names []string
	for _, name := range p.Features {
		if d.watches(name) && p.Table.Has(name) {
			names = append(names, name)
		}
	}
	watched, err := p.Table.Select(names...)
	if err != nil {
		return fmt.Errorf("drift: %w", err)
	}
	sums, err := profile.Of(ctx, watched)
	if err != nil {
		return fmt.Errorf("drift: %w", err)
	}
	if p.Labels != nil {
		sums.Predictions = profile.OfColumn(p.Labels)
	}
	for points, categories := callPoints, callCategories; ; points, categories = points/2, categories/2 {
		data, err := sums.Encode(points, categories)
		if err != nil {
			return fmt.Errorf("drift: %w", err)
		}
		if len(data) < maxProfileLine-1<<10 {
			return p.Store.AppendProfile(ctx, ProfileEntry{Time: p.Entry.Time, TaskID: p.Entry.TaskID, Profile: data}, d.limits)
		}
		if points <= leastPoints {
			return fmt.Errorf("drift: the profile of %d columns takes %d bytes, more than %d; name the columns to watch with the parameter columns",
				len(names), len(data), maxProfileLine)
		}
	}
}

// Measured compares what was recorded in the window with the training data.
func (d *drift) Measured(ctx context.Context, o *Observation) error {
	if o.Profile == nil {
		o.Note("drift: this deployment has no profile of its training data, so nothing can be compared; a model that is trained now has one")
		return nil
	}
	o.Drift = &Drift{Training: o.Profile.Rows}
	entries, damaged, err := o.Store.Profiles(ctx, o.At.Add(-d.window))
	if err != nil {
		return fmt.Errorf("drift: %w", err)
	}
	current := &profile.Profile{}
	for _, e := range entries {
		if err := d.take(o.Drift, current, e); err != nil {
			damaged++
		}
	}
	if damaged > 0 {
		o.Note("drift: %d records could not be read and are left out", damaged)
	}
	o.Drift.Rows = current.Rows
	if current.Rows == 0 {
		o.Note("drift: nothing was predicted within %s with this step in the configuration, so there is nothing to compare", d.Window)
		return nil
	}
	d.compare(o, current)
	return nil
}

// take merges one call's profile, or leaves all as it was.
func (d *drift) take(into *Drift, current *profile.Profile, e ProfileEntry) error {
	p, err := profile.Parse(e.Profile)
	if err != nil {
		return err
	}
	for _, c := range p.Columns { // before any of them is merged
		if have := current.Column(c.Name); have != nil && (have.Numbers == nil) != (c.Numbers == nil) {
			return &profile.KindError{Column: c.Name, Reference: have.Kind, Current: c.Kind}
		}
	}
	if err := current.Merge(p); err != nil {
		return err
	}
	into.Calls++
	if into.From.IsZero() {
		into.From = e.Time
	}
	into.To = e.Time
	return nil
}

// compare fills in the columns, and notes what cannot be compared.
func (d *drift) compare(o *Observation, current *profile.Profile) {
	type pair struct {
		reference, current *profile.Column
		predictions        bool
	}
	var pairs []pair
	for _, reference := range o.Profile.Columns {
		if c := current.Column(reference.Name); c != nil && d.watches(reference.Name) {
			pairs = append(pairs, pair{reference, c, false})
		}
	}
	if o.Profile.Predictions != nil && current.Predictions != nil {
		pairs = append(pairs, pair{o.Profile.Predictions, current.Predictions, true})
	}
	for _, name := range slices.Concat(d.Columns, d.Ignore) {
		if o.Profile.Column(name) == nil {
			note := fmt.Sprintf("drift: there is no column %q in the training data", name)
			var names []string
			for _, c := range o.Profile.Columns {
				names = append(names, c.Name)
			}
			if near := table.Nearest(name, names); near != "" {
				note += fmt.Sprintf("; did you mean %q?", near)
			}
			o.Notes = append(o.Notes, note)
		}
	}
	// All columns together are as likely to raise an alarm by chance as one would.
	level := d.Significance / float64(max(1, len(pairs)))
	for _, p := range pairs {
		c := ColumnDrift{Name: p.reference.Name, Kind: p.reference.Kind.String(), Predictions: p.predictions}
		distance, err := profile.Compare(p.reference, p.current, profile.CompareOptions{Bins: d.Bins})
		var unlike *profile.KindError
		switch {
		case errors.As(err, &unlike):
			c.Problem, c.Drifted = err.Error(), true
		case err != nil:
			c.Problem = err.Error()
		default:
			c.Bins, c.ShareError = distance.Bins, distance.ShareError
			c.measure(d.measures(p.reference, p.current, distance, level))
		}
		o.Drift.Columns = append(o.Drift.Columns, c)
	}
}

// measures lists the distances that have a value, with their limits.
func (d *drift) measures(reference, current *profile.Column, distance *profile.Distance, level float64) []Measure {
	var list []Measure
	add := func(name string, value, limit, p float64) {
		if !math.IsNaN(value) {
			list = append(list, Measure{Name: name, Value: value, Limit: limit, PValue: p, Beyond: value > limit && p <= level})
		}
	}
	if distance.Reference > 0 && distance.Current > 0 {
		n, m := float64(distance.Reference), float64(distance.Current)
		p := homogeneity(distance.Bins, n, m)
		add(measurePSI, distance.PSI, d.PSI, p)
		add(measureJS, distance.JS, d.JS, p)
		add(measureKS, distance.KS, d.KS, kolmogorov(distance.KS, n, m))
	}
	add(measureMissing, math.Abs(distance.MissingShare), d.MissingRate, sameShare(reference, current))
	return list
}

// homogeneity is the p-value of Pearson's chi-squared test that two samples of n
// and m values in bins are of one distribution.
func homogeneity(bins []profile.Bin, n, m float64) float64 {
	statistic, filled := 0.0, 0
	for _, b := range bins {
		pooled := (n*b.Reference + m*b.Current) / (n + m)
		if pooled == 0 {
			continue
		}
		filled++
		statistic += (b.Reference - b.Current) * (b.Reference - b.Current) / pooled
	}
	if filled < 2 {
		return 1
	}
	return distuv.ChiSquared{K: float64(filled - 1)}.Survival(statistic * n * m / (n + m))
}

// kolmogorov is the p-value of the two-sample Kolmogorov–Smirnov statistic:
// Kolmogorov's distribution with the correction of M. A. Stephens (1970) for few
// values. With ties it is too large rather than too small.
func kolmogorov(statistic, n, m float64) float64 {
	root := math.Sqrt(n * m / (n + m))
	x := (root + 0.12 + 0.11/root) * statistic
	if x < 0.2 {
		return 1 // where the series hardly converges, it is 1 to twelve digits
	}
	sum, sign := 0.0, 1.0
	for k := 1.0; k <= 100; k++ {
		term := math.Exp(-2 * k * k * x * x)
		sum += sign * term
		if sign = -sign; term < 1e-17 {
			break
		}
	}
	return math.Min(1, math.Max(0, 2*sum))
}

// sameShare is the p-value of the test that two samples miss the same share of
// cells.
func sameShare(a, b *profile.Column) float64 {
	p := float64(a.Missing+b.Missing) / float64(max(1, a.Count+b.Count))
	if p == 0 || p == 1 || a.Count == 0 || b.Count == 0 {
		return 1
	}
	z := (a.MissingShare() - b.MissingShare()) / math.Sqrt(p*(1-p)*(1/float64(a.Count)+1/float64(b.Count)))
	return math.Erfc(math.Abs(z) / math.Sqrt2)
}

// measure keeps the measures and finds the worst.
func (c *ColumnDrift) measure(list []Measure) {
	c.Measures = list
	worst := -1.0
	for _, m := range list {
		excess := m.excess()
		if excess > worst {
			worst, c.Worst, c.Drifted = excess, m.Name, m.Beyond
		}
	}
}

// excess is the value over its limit, and more for one that chance does not
// explain.
func (m *Measure) excess() float64 {
	switch ratio := m.Value / m.Limit; {
	case m.Value == 0:
		return 0
	case m.Beyond:
		return 1e6 + math.Min(ratio, 1e6)
	default:
		return math.Min(ratio, 1e6)
	}
}

// Measure returns the measure of that name; nil if there is none.
func (c *ColumnDrift) Measure(name string) *Measure {
	for i := range c.Measures {
		if c.Measures[i].Name == name {
			return &c.Measures[i]
		}
	}
	return nil
}

// Observed adds a check for each column: its worst measure.
func (d *drift) Observed(_ context.Context, o *Observation) error {
	if o.Drift == nil {
		return nil
	}
	for _, c := range o.Drift.Columns {
		name := c.Name
		if c.Predictions {
			name = "predictions"
		}
		switch m := c.Measure(c.Worst); {
		case c.Problem != "":
			o.Note("drift: %s", c.Problem)
			if c.Drifted {
				o.Checks = append(o.Checks, Check{Metric: "drift." + name + ".kind", Value: 1, Direction: Lower, Source: SourceDrift})
			}
		case m != nil:
			o.Checks = append(o.Checks, Check{
				Metric: strings.Join([]string{"drift", name, m.Name}, "."), Value: m.Value, Threshold: m.Limit, Direction: Lower,
				OK: !c.Drifted, Source: SourceDrift,
			})
		}
	}
	return nil
}
