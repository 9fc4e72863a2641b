package observe

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
)

const (
	maxReportColumns = 20
	maxReportPoints  = 20
)

// writePerformance shows what the labels say.
func writePerformance(b *strings.Builder, p *Performance) {
	if p == nil || p.Recorded == 0 {
		return
	}
	section(b, "Performance")
	fmt.Fprintf(b, "  %s of %s recorded have a label\n", thousands(p.Labelled), count(p.Recorded, "row"))
	if len(p.Points) == 0 {
		return
	}
	names := slices.Sorted(maps.Keys(p.Points[0].Metrics))
	grid := newGrid(append([]string{"from", "rows"}, names...)...)
	for i, point := range p.Points[max(0, len(p.Points)-maxReportPoints):] {
		if i == 0 && len(p.Points) > maxReportPoints {
			grid.AppendRow(table.Row{fmt.Sprintf("… %d earlier", len(p.Points)-maxReportPoints)})
		}
		row := table.Row{instant(point.From), thousands(point.Rows)}
		for _, name := range names {
			text := ""
			if v, ok := point.Metrics[name]; ok {
				text = figure(v)
			}
			row = append(row, text)
		}
		grid.AppendRow(row)
	}
	b.WriteString("\n" + grid.Render() + "\n")
}

// writeDrift shows the columns that have drifted farthest.
func writeDrift(b *strings.Builder, d *Drift) {
	if d == nil || d.Rows == 0 {
		return
	}
	section(b, "Drift")
	fmt.Fprintf(b, "  %s in %s, from %s to %s,\n  compared with %s of training\n\n",
		count(d.Rows, "row"), count(d.Calls, "call"), instant(d.From), instant(d.To), count(d.Training, "row"))
	columns := d.ranked()
	grid := newGrid("column", measurePSI, measureKS, measureJS, "missing", "verdict")
	for i, c := range columns {
		if i == maxReportColumns {
			grid.AppendRow(table.Row{fmt.Sprintf("… %d more", len(columns)-i)})
			break
		}
		row := table.Row{printable(c.title())}
		for _, name := range []string{measurePSI, measureKS, measureJS, measureMissing} {
			text := ""
			if m := c.Measure(name); m != nil {
				text = distanceText(m.Value)
			}
			row = append(row, text)
		}
		grid.AppendRow(append(row, c.verdict()))
	}
	b.WriteString(grid.Render() + "\n")
}

// distanceText writes a distance, of which what is small is nothing.
func distanceText(v float64) string { return strconv.FormatFloat(v, 'f', 4, 64) }

// ranked lists the columns, the farthest beyond its limit first.
func (d *Drift) ranked() []ColumnDrift {
	columns := slices.Clone(d.Columns)
	slices.SortStableFunc(columns, func(a, b ColumnDrift) int { return cmp.Compare(b.excess(), a.excess()) })
	return columns
}

// excess is the worst measure over its limit.
func (c *ColumnDrift) excess() float64 {
	m := c.Measure(c.Worst)
	switch {
	case c.Problem != "":
		return 1e9
	case m == nil:
		return 0
	}
	return m.excess()
}

func (c *ColumnDrift) title() string {
	if c.Predictions {
		return "(predictions)"
	}
	return c.Name
}

func (c *ColumnDrift) verdict() string {
	m := c.Measure(c.Worst)
	switch {
	case c.Problem != "":
		return "cannot be compared"
	case m == nil:
		return "no values"
	case !c.Drifted && m.Value > m.Limit:
		return "ok, too few rows to tell"
	case c.Drifted:
		return fmt.Sprintf("ALERT, %s is above %s", c.Worst, figure(m.Limit))
	}
	return "ok"
}
