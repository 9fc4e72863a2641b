package live

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"mlops/cmd/mlops-cli/output"
	mlopsv1 "mlops/proto/mlops/v1"
)

const barCells = 24

// bar draws a share from 0 to 1.
func bar(fraction float64) string {
	full := int(math.Round(min(max(fraction, 0), 1) * barCells))
	return "[" + strings.Repeat("█", full) + strings.Repeat("░", barCells-full) + "]"
}

// progressLine is the line in place, at most width-1 columns: a terminal wraps
// a full line.
func progressLine(p *mlopsv1.Progress, width int) string {
	parts := []string{fmt.Sprintf("%-14s", p.GetStage())}
	if p.GetFraction() >= 0 {
		parts = append(parts, bar(p.GetFraction()), fmt.Sprintf("%3.0f%%", 100*p.GetFraction()))
	}
	return cut(strings.Join(append(parts, figures(p)...), "  "), width-1)
}

// plainProgress is the same for a log.
func plainProgress(p *mlopsv1.Progress) string {
	text := p.GetStage()
	if p.GetFraction() > 0 {
		text += fmt.Sprintf(" %.0f%%", 100*p.GetFraction())
	}
	if f := figures(p); len(f) > 0 {
		text += ": " + strings.Join(f, ", ")
	}
	return text
}

// figures lists what a progress report says beside its share: the iteration
// first, then the metrics by name, the time left and the message.
func figures(p *mlopsv1.Progress) []string {
	var parts []string
	metrics := p.GetMetrics()
	counted := map[string]bool{}
	for _, unit := range []string{"iteration", "item"} { // what a progress.Meter counts
		if v, ok := metrics[unit]; ok {
			of := ""
			if n, ok := metrics[unit+"s"]; ok {
				of = "/" + output.Number(n)
			}
			parts = append(parts, unit+" "+output.Number(v)+of)
			counted[unit], counted[unit+"s"] = true, true
		}
	}
	for _, name := range output.Sorted(metrics) {
		if !counted[name] {
			parts = append(parts, name+" "+figure(metrics[name]))
		}
	}
	if left := p.GetLeft().AsDuration(); left > 0 && p.GetFraction() < 1 {
		parts = append(parts, timeLeft(left)+" left")
	}
	if p.GetMessage() != "" {
		parts = append(parts, p.GetMessage())
	}
	return parts
}

// figure prints a metric; a whole number, such as that of a fold, as one.
func figure(v float64) string {
	if v == math.Trunc(v) {
		return output.Number(v)
	}
	return output.Figure(v)
}

// timeLeft prints an estimate in whole seconds, rounded up: more digits would say
// more than is known.
func timeLeft(left time.Duration) string {
	whole := (left + time.Second - 1).Truncate(time.Second)
	if whole < time.Minute {
		return fmt.Sprintf("%.0f s", whole.Seconds())
	}
	return whole.String()
}

func transferLine(verb, name string, done, total int64, width int) string {
	share := 1.0
	if total > 0 {
		share = float64(done) / float64(total)
	}
	return cut(fmt.Sprintf("%s %s  %s  %3.0f%%  %s of %s", verb, name, bar(share), 100*share, output.Bytes(done), output.Bytes(total)), width-1)
}

// cut shortens a text to so many characters.
func cut(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	runes := []rune(text)
	return string(runes[:max(width-1, 0)]) + "…"
}
