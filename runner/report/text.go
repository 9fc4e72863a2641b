package report

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// How much of a long table the text shows.
const (
	textClasses  = 20
	textFeatures = 20
	textMatrix   = 7
	textName     = 40
)

// WriteText shows the report to people: plain text whose tables line up, the
// same bytes for the same report. Of many classes and features it shows the
// first ones and says how many are left.
func (r *Report) WriteText(w io.Writer) error {
	out := bufio.NewWriter(w)
	title := "Model report"
	fmt.Fprintf(out, "%s\n%s\n\n", title, strings.Repeat("=", len(title)))
	r.writeSubject(out)
	r.writeMetrics(out)
	if c := r.Classification; c != nil {
		c.write(out)
	}
	if c := r.Regression; c != nil {
		c.write(out)
	}
	for _, m := range r.Importances {
		m.write(out)
	}
	if r.LearningCurve != nil {
		r.LearningCurve.write(out)
	}
	if len(r.Omitted) > 0 {
		section(out, "Left out")
		for _, o := range r.Omitted {
			fmt.Fprintf(out, "  %s: %s\n", printable(o.Name), printable(o.Reason))
		}
	}
	return out.Flush()
}

func (r *Report) writeSubject(out io.Writer) {
	rows := count(float64(r.Rows), "row")
	if r.Weighted {
		rows += ", weighted"
	}
	for _, line := range [][2]string{
		{"Model", r.Model}, {"Problem", strings.ReplaceAll(string(r.Problem), "_", " ")},
		{"Target", r.Target}, {"Data", r.Data}, {"Rows", rows},
	} {
		if line[1] != "" {
			fmt.Fprintf(out, "  %-9s %s\n", line[0], printable(line[1]))
		}
	}
}

func (r *Report) writeMetrics(out io.Writer) {
	section(out, "Metrics")
	g := grid("metric", "value", "better", "")
	for _, m := range r.Metrics {
		better, mark := "lower", ""
		if m.HigherIsBetter {
			better = "higher"
		}
		if m.Name == r.Headline {
			mark = "headline"
		}
		g.AppendRow(table.Row{m.Name, figure(m.Value), better, mark})
	}
	fmt.Fprintln(out, g.Render())
}

func (c *ClassificationPart) write(out io.Writer) {
	section(out, "Classes")
	g := grid("class", "precision", "recall", "f1_score", "support", "predicted")
	support := 0.0
	for i, class := range c.Classes {
		support += class.Support
		switch {
		case i < textClasses:
			g.AppendRow(table.Row{short(class.Name, textName), figure(class.Precision), figure(class.Recall), figure(class.F1), quantity(class.Support), quantity(class.Predicted)})
		case i == textClasses:
			g.AppendRow(table.Row{fmt.Sprintf("… %d more", len(c.Classes)-i), "", "", "", "", ""})
		}
	}
	for _, a := range []struct {
		name string
		Average
	}{{"macro average", c.Macro}, {"weighted average", c.WeightedAverage}} {
		g.AppendRow(table.Row{a.name, figure(a.Precision), figure(a.Recall), figure(a.F1), quantity(support), quantity(support)})
	}
	fmt.Fprintln(out, g.Render())
	c.Confusion.write(out)
	c.writeCurves(out)
	if len(c.Gains) > 0 {
		section(out, "Gains of "+printable(c.Positive))
		g := grid("top", "threshold", "rows", "precision", "recall", "lift", "fpr", "f1_score")
		for _, gain := range c.Gains {
			g.AppendRow(table.Row{percent(gain.Share), figure(gain.Threshold), quantity(gain.Rows), figure(gain.Precision),
				figure(gain.Recall), fmt.Sprintf("%.2f", gain.Lift), figure(gain.FPR), figure(gain.F1)})
		}
		fmt.Fprintln(out, g.Render())
	}
}

func (c Confusion) write(out io.Writer) {
	section(out, "Confusion matrix")
	shown := c.atMost(textMatrix)
	header := []string{"true \\ predicted"}
	for _, label := range shown.Labels {
		header = append(header, short(label, 10))
	}
	g := grid(header...)
	for i, label := range shown.Labels {
		row := table.Row{short(label, textName)}
		for _, n := range shown.Counts[i] {
			row = append(row, quantity(n))
		}
		g.AppendRow(row)
	}
	fmt.Fprintln(out, g.Render())
}

func (c *ClassificationPart) writeCurves(out io.Writer) {
	if len(c.ROC) == 0 && len(c.Calibration) == 0 {
		return
	}
	section(out, "Curves")
	type figures struct{ auc, ap, err string }
	var order []string
	of := make(map[string]*figures)
	get := func(class string) *figures {
		if of[class] == nil {
			of[class] = &figures{}
			order = append(order, class)
		}
		return of[class]
	}
	for _, curve := range c.ROC {
		get(curve.Class).auc = figure(curve.AUC)
	}
	for _, curve := range c.PrecisionRecall {
		get(curve.Class).ap = figure(curve.AveragePrecision)
	}
	for _, curve := range c.Calibration {
		get(curve.Class).err = figure(curve.Error)
	}
	g := grid("class", "roc_auc", "average_precision", "calibration_error")
	for _, class := range order {
		g.AppendRow(table.Row{short(class, textName), of[class].auc, of[class].ap, of[class].err})
	}
	fmt.Fprintln(out, g.Render())
}

func (p *RegressionPart) write(out io.Writer) {
	section(out, "Residuals (true - predicted)")
	g := grid("figure", "value")
	largest := math.Abs(p.Residuals.Mean)
	for _, q := range p.Residuals.Quantiles {
		largest = max(largest, math.Abs(q.Value))
	}
	number := inLine(largest)
	g.AppendRow(table.Row{"mean", number(p.Residuals.Mean)})
	g.AppendRow(table.Row{"std", number(p.Residuals.Std)})
	for _, q := range p.Residuals.Quantiles {
		name := strconv.FormatFloat(100*q.Q, 'f', -1, 64) + " %"
		switch q.Q {
		case 0:
			name = "smallest"
		case 0.5:
			name = "median"
		case 1:
			name = "largest"
		}
		g.AppendRow(table.Row{name, number(q.Value)})
	}
	fmt.Fprintln(out, g.Render())
}

func (m *Importance) write(out io.Writer) {
	section(out, m.title())
	columns := []string{"feature", string(m.Kind)}
	if m.Kind == PermutationImportance {
		columns = []string{"feature", "loss", "std"}
	}
	g := grid(append(columns, "")...)
	largest := 0.0
	for _, f := range m.Features {
		largest = max(largest, math.Abs(f.Value))
	}
	number := inLine(largest)
	for i, f := range m.Features {
		if i == textFeatures {
			g.AppendRow(table.Row{fmt.Sprintf("… %d more", len(m.Features)+m.Left-i)})
			break
		}
		row := table.Row{short(f.Name, textName), number(f.Value)}
		if m.Kind == PermutationImportance {
			row = append(row, number(f.Std))
		}
		bar := 0
		if largest > 0 && (f.Value > 0 || m.Kind == CoefficientImportance) {
			bar = int(math.Round(24 * math.Abs(f.Value) / largest))
		}
		g.AppendRow(append(row, strings.Repeat("█", bar)))
	}
	if m.Intercept != nil {
		g.AppendRow(table.Row{"(intercept)", number(*m.Intercept), ""})
	}
	fmt.Fprintln(out, g.Render())
}

// title says what the importance is of.
func (m *Importance) title() string {
	switch m.Kind {
	case PermutationImportance:
		return fmt.Sprintf("Permutation importance: loss of %s over %s", printable(m.Metric), count(float64(m.Repeats), "repeat"))
	case CoefficientImportance:
		if m.Output != "" {
			return "Coefficients of " + short(m.Output, textName)
		}
		return "Coefficients"
	}
	return "Feature importance by " + string(m.Kind)
}

func (l *LearningCurve) write(out io.Writer) {
	section(out, "Learning curve")
	step := printable(l.Step)
	g := grid("series", "first "+step, printable(l.Metric), "last "+step, printable(l.Metric))
	for _, s := range l.Series {
		last := len(s.X) - 1
		g.AppendRow(table.Row{short(s.Name, textName), quantity(s.X[0]), figure(s.Y[0]), quantity(s.X[last]), figure(s.Y[last])})
	}
	fmt.Fprintln(out, g.Render())
	if l.Best != nil {
		fmt.Fprintf(out, "\n  kept: %s %s\n", step, quantity(*l.Best))
	}
}

func section(out io.Writer, title string) {
	fmt.Fprintf(out, "\n%s\n%s\n", title, strings.Repeat("-", text.StringWidthWithoutEscSequences(title)))
}

// grid makes a table whose first column and those of words are text and whose
// others are aligned to the right.
func grid(columns ...string) table.Writer {
	g := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box = table.BoxStyle{PaddingLeft: "  ", UnfinishedRow: "…"}
	style.Format.Header = text.FormatDefault
	g.SetStyle(style)
	header, configs := make(table.Row, len(columns)), make([]table.ColumnConfig, len(columns))
	for i, name := range columns {
		header[i] = name
		align := text.AlignRight
		if i == 0 || name == "" || name == "better" {
			align = text.AlignLeft
		}
		configs[i] = table.ColumnConfig{Number: i + 1, Align: align, AlignHeader: align}
	}
	g.AppendHeader(header)
	g.SetColumnConfigs(configs)
	g.SuppressTrailingSpaces()
	return g
}
