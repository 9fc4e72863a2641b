package observe

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"mlops/runner/profile"
)

//go:embed report.html
var reportTemplate string

// Bounds of what the page shows.
const (
	maxPageColumns = 200 // rows of the table of drift
	maxPageCharts  = 24  // columns whose bins are drawn
	maxPageCalls   = 200 // newest calls in the chart of rows
)

// pageTemplate is parsed at start-up; what stands in data is escaped by where it
// goes.
var pageTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"figure": figure, "thousands": thousands, "instant": instant, "percent": percent, "wanted": Check.wanted,
	"plain": func(s string) string { return printable(strings.ReplaceAll(s, "_", " ")) }, "printable": printable,
}).Parse(reportTemplate))

// page is what the template shows.
type page struct {
	*Observation
	Alert        bool
	FailedCount  int
	Verdict      string
	MetricRows   []metricRow
	Thresholds   []Check
	Predictions  PredictionSummary
	Classes      []bar
	Calls        *lineChart
	DriftColumns []driftRow
	MoreColumns  int
	Performance  []performanceChart
}

type metricRow struct {
	Name     string
	Latest   float64
	Summary  MetricSummary
	Recorded bool
	Chart    *lineChart
}

type driftRow struct {
	ColumnDrift
	Title   string
	Verdict string
	Cells   []string // psi, ks, js, missing
	Bars    []pairBar
}

type performanceChart struct {
	Name  string
	Chart *lineChart
}

// HTML writes an observation as one page that needs nothing else: no script, no
// font, no picture from anywhere. It reads well in light and in dark.
func HTML(w io.Writer, o *Observation) error {
	p := page{
		Observation: o, Alert: o.Alert(), FailedCount: len(o.Failed()), Verdict: verdict(o),
		Thresholds: o.thresholds(), Predictions: o.History.PredictionSummary(),
	}
	p.MetricRows = metricRows(o)
	p.Classes = classBars(p.Predictions)
	p.Calls = callsChart(o.History)
	if o.Drift != nil {
		p.DriftColumns, p.MoreColumns = driftRows(o.Drift)
	}
	if o.Performance != nil {
		p.Performance = performanceCharts(o)
	}
	if err := pageTemplate.Execute(w, p); err != nil {
		return fmt.Errorf("write the report as HTML: %w", err)
	}
	return nil
}

func metricRows(o *Observation) []metricRow {
	thresholds := make(map[string]float64)
	for _, c := range o.thresholds() {
		thresholds[c.Metric] = c.Threshold
	}
	summaries := o.History.MetricSummaries()
	var rows []metricRow
	for _, name := range slices.Sorted(maps.Keys(o.Metrics)) {
		row := metricRow{Name: printable(name), Latest: o.Metrics[name]}
		row.Summary, row.Recorded = summaries[name]
		if trend := row.Summary.Trend; len(trend) > 1 {
			threshold, ok := thresholds[name]
			row.Chart = newLineChart(trend, threshold, ok, 220, 44)
		}
		rows = append(rows, row)
	}
	return rows
}

func callsChart(h *History) *lineChart {
	calls := h.Predictions[max(0, len(h.Predictions)-maxPageCalls):]
	if len(calls) < 2 {
		return nil
	}
	rows := make([]float64, len(calls))
	for i, c := range calls {
		rows[i] = float64(c.Rows)
	}
	c := newLineChart(rows, 0, true, 640, 90)
	c.Line = "axis" // zero is where the rows are counted from, not a limit
	return c
}

func driftRows(d *Drift) (rows []driftRow, more int) {
	columns := d.ranked()
	for i, c := range columns {
		if i == maxPageColumns {
			return rows, len(columns) - i
		}
		row := driftRow{ColumnDrift: c, Title: printable(c.title()), Verdict: c.verdict()}
		for _, name := range []string{measurePSI, measureKS, measureJS, measureMissing} {
			text := ""
			if m := c.Measure(name); m != nil {
				text = distanceText(m.Value)
			}
			row.Cells = append(row.Cells, text)
		}
		if i < maxPageCharts {
			row.Bars = pairBars(c.Bins)
		}
		rows = append(rows, row)
	}
	return rows, 0
}

func performanceCharts(o *Observation) []performanceChart {
	thresholds := make(map[string]float64)
	for _, c := range o.thresholds() {
		thresholds[c.Metric] = c.Threshold
	}
	series := make(map[string][]float64)
	for _, point := range o.Performance.Points {
		for name, v := range point.Metrics {
			series[name] = append(series[name], v)
		}
	}
	var charts []performanceChart
	for _, name := range slices.Sorted(maps.Keys(series)) {
		if len(series[name]) > 1 {
			threshold, ok := thresholds[name]
			charts = append(charts, performanceChart{printable(name), newLineChart(series[name], threshold, ok, 300, 80)})
		}
	}
	return charts
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

// lineChart is a series as SVG draws it.
type lineChart struct {
	Width, Height float64
	Points        string  // x,y pairs of the line
	LastX, LastY  float64 // of the newest value
	Threshold     float64 // y of a line to compare with
	HasThreshold  bool
	Line          string // CSS class of that line
	Low, High     float64
	Count         int
}

// newLineChart fits a series, and a threshold if there is one, into a box.
func newLineChart(values []float64, threshold float64, hasThreshold bool, width, height float64) *lineChart {
	const margin = 5
	low, high := slices.Min(values), slices.Max(values)
	if hasThreshold {
		low, high = math.Min(low, threshold), math.Max(high, threshold)
	}
	c := &lineChart{Width: width, Height: height, HasThreshold: hasThreshold, Line: "limit", Low: low, High: high, Count: len(values)}
	y := func(v float64) float64 {
		if high == low {
			return height / 2
		}
		// Divided first: the range of numbers may be larger than there are numbers.
		return round(height - margin - (v/2-low/2)/(high/2-low/2)*(height-2*margin))
	}
	var b strings.Builder
	for i, v := range values {
		c.LastX, c.LastY = round(margin+float64(i)/math.Max(1, float64(len(values)-1))*(width-2*margin)), y(v)
		fmt.Fprintf(&b, "%g,%g ", c.LastX, c.LastY)
	}
	c.Points, c.Threshold = strings.TrimSpace(b.String()), y(threshold)
	return c
}

func round(v float64) float64 { return math.Round(v*10) / 10 }

// bar is a class with its part of the predictions.
type bar struct {
	Label string
	Rows  int64
	Share float64
	Width float64 // of 300
}

func classBars(s PredictionSummary) []bar {
	var total int64
	for _, n := range s.ClassCounts {
		total += n
	}
	var bars []bar
	for i, label := range rankedClasses(s) {
		if i == maxReportClasses {
			break
		}
		share := float64(s.ClassCounts[label]) / float64(max(1, total))
		bars = append(bars, bar{Label: printable(label), Rows: s.ClassCounts[label], Share: share, Width: round(300 * share)})
	}
	return bars
}

// pairBar is a bin of the training data beside the same bin now.
type pairBar struct {
	Label              string
	X, Then, Now, Wide float64
	ThenY, NowY        float64
}

// pairBars fits bins into a box of 320 × 60.
func pairBars(bins []profile.Bin) []pairBar {
	const width, height = 320.0, 60.0
	if len(bins) > 52 {
		return nil
	}
	largest := 0.0
	for _, b := range bins {
		largest = max(largest, b.Reference, b.Current)
	}
	if largest == 0 {
		return nil
	}
	step := width / float64(len(bins))
	bars := make([]pairBar, len(bins))
	for i, b := range bins {
		then, now := round(b.Reference/largest*height), round(b.Current/largest*height)
		bars[i] = pairBar{
			Label: binLabel(bins, i), X: round(float64(i) * step), Wide: round(step * 0.42),
			Then: then, Now: now, ThenY: height - then, NowY: height - now,
		}
	}
	return bars
}

// binLabel tells what a bin holds, and how much.
func binLabel(bins []profile.Bin, i int) string {
	b := bins[i]
	name := printable(b.Label)
	switch {
	case b.Label != "":
	case !math.IsInf(bins[len(bins)-1].Upper, 1): // categories, of which the last bin has the others
		name = "others"
	case math.IsInf(b.Upper, 1) && i == 0:
		name = "all"
	case math.IsInf(b.Upper, 1):
		name = "above " + figure(bins[i-1].Upper)
	default:
		name = "up to " + figure(b.Upper)
	}
	return fmt.Sprintf("%s: %s in training, now %s", name, percent(b.Reference), percent(b.Current))
}
