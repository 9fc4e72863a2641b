package output

import (
	"fmt"
	"io"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Pairs prints a titled list of names and values; rows with an empty value are
// left out, and so is a list without any.
func Pairs(w io.Writer, title string, rows ...[2]string) {
	t := newTable(w, title)
	for _, r := range rows {
		if r[1] != "" {
			t.AppendRow(table.Row{Clean(r[0]), Clean(r[1])})
		}
	}
	if t.Length() > 0 {
		t.Render()
		fmt.Fprintln(w)
	}
}

// Rows prints a table with a header. Columns whose index is in right are
// aligned to the right.
func Rows(w io.Writer, title string, header []string, rows [][]string, right ...int) {
	t := newTable(w, title)
	t.AppendHeader(toRow(header))
	for _, r := range rows {
		t.AppendRow(toRow(r))
	}
	configs := make([]table.ColumnConfig, len(right))
	for i, column := range right {
		configs[i] = table.ColumnConfig{Number: column + 1, Align: text.AlignRight, AlignHeader: text.AlignRight}
	}
	t.SetColumnConfigs(configs)
	t.Render()
	fmt.Fprintln(w)
}

func toRow(cells []string) table.Row {
	row := make(table.Row, len(cells))
	for i, c := range cells {
		row[i] = Clean(c)
	}
	return row
}

func newTable(w io.Writer, title string) table.Writer {
	if title != "" {
		fmt.Fprintln(w, title)
	}
	t := table.NewWriter()
	t.SetOutputMirror(w)
	style := table.StyleLight
	style.Options = table.Options{}
	style.Box.PaddingLeft, style.Box.PaddingRight = "  ", ""
	style.Format.Header = text.FormatUpper
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	return t
}

// Clean makes a text from elsewhere fit for a line of a terminal: what would
// move the cursor or colour the screen becomes a question mark.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return '?'
		}
		return r
	}, s)
}

// Number prints a figure with at most six significant digits.
func Number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "not defined"
	case v == math.Trunc(v) && math.Abs(v) < 1e15:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

// Figure prints a metric's value: with four digits behind the point where that
// tells enough, so that figures line up and compare.
func Figure(v float64) string {
	if magnitude := math.Abs(v); v == 0 || magnitude >= 1e-3 && magnitude < 100 {
		return strconv.FormatFloat(v, 'f', 4, 64)
	}
	return Number(v)
}

// Count prints an integer with its thousands apart.
func Count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// Bytes prints a size in binary units.
func Bytes(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n), 0
	for units := len("KMGTPE"); value >= 1024 && unit < units; unit++ {
		value /= 1024
	}
	return fmt.Sprintf("%.1f %ciB", value, "KMGTPE"[unit-1])
}

// Seconds prints a time span as people say it: 3.2 s, 4m10s.
func Seconds(s float64) string {
	switch {
	case s < 0.0995:
		return fmt.Sprintf("%.0f ms", s*1000)
	case s < 59.95:
		return fmt.Sprintf("%.1f s", s)
	}
	return time.Duration(s * float64(time.Second)).Round(time.Second).String()
}

// Sorted returns a map's keys in order.
func Sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
