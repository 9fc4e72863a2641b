package observe

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Subject is the deployment that a report is about.
type Subject struct {
	Dir         string
	Version     string
	Status      string
	CreatedAt   time.Time
	ModelName   string
	ProblemType string
	Target      string
	Features    int // how many it needs
}

const (
	maxReportClasses = 20
	maxToldNames     = 20 // failed checks in the last line
	barWidth         = 24
	sparkWidth       = 16
)

// Report writes an observation for people: plain text of at most about a hundred
// columns, the same for the same observation.
func Report(s Subject, o *Observation) string {
	var b strings.Builder
	heading(&b, "Monitoring report")
	writeSubject(&b, s)
	writeMetrics(&b, o)
	writeChecks(&b, o)
	writePerformance(&b, o.Performance)
	writeDrift(&b, o.Drift)
	writePredictions(&b, o.History)
	if len(o.Notes) > 0 {
		section(&b, "Notes")
		for _, note := range o.Notes {
			fmt.Fprintf(&b, "  - %s\n", printable(note))
		}
	}
	fmt.Fprintf(&b, "\n%s\n", verdict(o))
	return b.String()
}

func heading(b *strings.Builder, title string) {
	fmt.Fprintf(b, "%s\n%s\n\n", title, strings.Repeat("=", len(title)))
}

func section(b *strings.Builder, title string) {
	fmt.Fprintf(b, "\n%s\n%s\n", title, strings.Repeat("-", len(title)))
}

func writeSubject(b *strings.Builder, s Subject) {
	for _, line := range [][2]string{
		{"Deployment", s.Dir},
		{"Version", s.Version},
		{"Status", s.Status},
		{"Published", instant(s.CreatedAt)},
		{"Model", s.ModelName + ", " + strings.ReplaceAll(s.ProblemType, "_", " ")},
		{"Predicts", fmt.Sprintf("%s from %s", s.Target, count(int64(s.Features), "feature"))},
	} {
		fmt.Fprintf(b, "  %-11s %s\n", line[0], printable(line[1]))
	}
}

func writeMetrics(b *strings.Builder, o *Observation) {
	section(b, "Metrics")
	if len(o.Metrics) == 0 {
		b.WriteString("  none recorded\n")
		return
	}
	summaries := o.History.MetricSummaries()
	series := o.History.Series()
	grid := newGrid("metric", "latest", "mean", "std", "min", "max", "n", "history")
	for _, name := range slices.Sorted(maps.Keys(o.Metrics)) {
		sum, recorded := summaries[name]
		if !recorded {
			grid.AppendRow(table.Row{printable(name), figure(o.Metrics[name]), "", "", "", "", 0, ""})
			continue
		}
		grid.AppendRow(table.Row{printable(name), figure(o.Metrics[name]), figure(sum.Mean), figure(sum.Std),
			figure(sum.Min), figure(sum.Max), sum.Count, Sparkline(series[name])})
	}
	b.WriteString(grid.Render() + "\n")
}

func writeChecks(b *strings.Builder, o *Observation) {
	section(b, "Thresholds")
	checks := o.thresholds()
	if len(checks) == 0 {
		b.WriteString("  none apply\n")
		return
	}
	grid := newGrid("metric", "value", "wanted", "verdict")
	for _, c := range checks {
		outcome := "ok"
		if !c.OK {
			outcome = "ALERT, off by " + figure(math.Abs(c.Value-c.Threshold))
		}
		grid.AppendRow(table.Row{printable(c.Metric), figure(c.Value), c.wanted(), outcome})
	}
	b.WriteString(grid.Render() + "\n")
}

// thresholds are the checks but those that another section shows.
func (o *Observation) thresholds() []Check {
	var checks []Check
	for _, c := range o.Checks {
		if c.Source != SourceDrift {
			checks = append(checks, c)
		}
	}
	return checks
}

// wanted tells which side of the threshold is good.
func (c Check) wanted() string {
	if c.Direction == Lower {
		return "at most " + figure(c.Threshold)
	}
	return "at least " + figure(c.Threshold)
}

func writePredictions(b *strings.Builder, h *History) {
	section(b, "Predictions")
	s := h.PredictionSummary()
	if s.Calls == 0 {
		b.WriteString("  none recorded\n")
		return
	}
	fmt.Fprintf(b, "  %s in %s, from %s to %s\n", count(s.Rows, "row"), count(s.Calls, "call"), instant(s.First), instant(s.Last))
	if s.Values != nil {
		grid := newGrid("value", "mean", "std", "min", "max")
		grid.AppendRow(table.Row{"all calls", figure(s.Values.Mean), figure(s.Values.Std), figure(s.Values.Min), figure(s.Values.Max)})
		b.WriteString("\n" + grid.Render() + "\n")
	}
	if len(s.ClassCounts) > 0 {
		b.WriteString("\n" + classGrid(s) + "\n")
	}
}

// rankedClasses lists the classes, those that were predicted most first.
func rankedClasses(s PredictionSummary) []string {
	return slices.SortedFunc(maps.Keys(s.ClassCounts), func(x, y string) int {
		if d := s.ClassCounts[y] - s.ClassCounts[x]; d != 0 {
			return int(max(-1, min(1, d)))
		}
		return strings.Compare(x, y)
	})
}

// classGrid shows the classes that were predicted most.
func classGrid(s PredictionSummary) string {
	labels := rankedClasses(s)
	var total int64
	for _, n := range s.ClassCounts {
		total += n
	}
	grid := newGrid("class", "rows", "share", "")
	for i, label := range labels {
		if i == maxReportClasses {
			grid.AppendRow(table.Row{fmt.Sprintf("… %d more", len(labels)-i), "", "", ""})
			break
		}
		share := float64(s.ClassCounts[label]) / float64(max(1, total))
		grid.AppendRow(table.Row{printable(label), thousands(s.ClassCounts[label]), fmt.Sprintf("%.1f %%", 100*share),
			strings.Repeat("█", int(math.Round(share*barWidth)))})
	}
	return grid.Render()
}

func verdict(o *Observation) string {
	var failing []string
	for _, c := range o.Checks {
		if !c.OK {
			failing = append(failing, printable(c.Metric))
		}
	}
	switch {
	case len(failing) > maxToldNames:
		return fmt.Sprintf("ALERT: %d of %s failed: %s, … %d more.", len(failing), count(int64(len(o.Checks)), "check"),
			strings.Join(failing[:maxToldNames], ", "), len(failing)-maxToldNames)
	case len(failing) > 0:
		return fmt.Sprintf("ALERT: %d of %s failed: %s.", len(failing), count(int64(len(o.Checks)), "check"), strings.Join(failing, ", "))
	case len(o.Checks) == 0:
		return "No threshold applies, so there is nothing to alert on."
	}
	return fmt.Sprintf("All is well: %s passed.", count(int64(len(o.Checks)), "check"))
}

// newGrid makes a table whose first column is text and whose others are aligned
// to the right, save those without a figure.
func newGrid(columns ...string) table.Writer {
	grid := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box = table.BoxStyle{PaddingLeft: "  ", UnfinishedRow: "…"}
	style.Format.Header = text.FormatDefault
	grid.SetStyle(style)
	header := make(table.Row, len(columns))
	configs := make([]table.ColumnConfig, len(columns))
	for i, name := range columns {
		header[i] = name
		align := text.AlignRight
		if i == 0 || name == "" || name == "verdict" || name == "wanted" || name == "history" {
			align = text.AlignLeft
		}
		configs[i] = table.ColumnConfig{Number: i + 1, Align: align, AlignHeader: align}
	}
	grid.AppendHeader(header)
	grid.SetColumnConfigs(configs)
	grid.SuppressTrailingSpaces()
	return grid
}

// Sparkline draws the newest values between their smallest and their largest, one
// character each. Fewer than two values make none.
func Sparkline(values []float64) string {
	const ticks = "▁▂▃▄▅▆▇█"
	if len(values) < 2 {
		return ""
	}
	values = values[max(0, len(values)-sparkWidth):]
	low, high := slices.Min(values), slices.Max(values)
	marks := []rune(ticks)
	var b strings.Builder
	for _, v := range values {
		at := len(marks) / 2
		if high > low {
			at = int((v - low) / (high - low) * float64(len(marks)-1))
		}
		b.WriteRune(marks[at])
	}
	return b.String()
}

// figure writes a number with four significant decimals where it is of ordinary
// size.
func figure(v float64) string {
	if size := math.Abs(v); v != 0 && (size < 1e-3 || size >= 1e7) {
		return strconv.FormatFloat(v, 'e', 3, 64)
	}
	return strconv.FormatFloat(v, 'f', 4, 64)
}

func count(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return thousands(n) + " " + noun
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func instant(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// printable keeps what stands in data from steering the terminal that shows it.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '�'
	}, s)
}
