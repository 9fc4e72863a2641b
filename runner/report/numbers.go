package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// figure writes a number with four decimals where it is of ordinary size.
func figure(v float64) string {
	if size := math.Abs(v); v != 0 && (size < 1e-3 || size >= 1e7) {
		return strconv.FormatFloat(v, 'e', 3, 64)
	}
	return strconv.FormatFloat(v, 'f', 4, 64)
}

// inLine writes the numbers of a column with the same decimals: as many as give
// the largest of them five digits.
func inLine(largest float64) func(float64) string {
	if largest >= 1e12 || largest > 0 && largest < 1e-6 {
		return func(v float64) string { return strconv.FormatFloat(v, 'e', 3, 64) }
	}
	decimals := 0
	if largest > 0 {
		decimals = max(0, 4-int(math.Floor(math.Log10(largest))))
	}
	return func(v float64) string {
		digits := strconv.FormatFloat(math.Abs(v), 'f', decimals, 64)
		whole, part, _ := strings.Cut(digits, ".")
		if len(whole) > 3 {
			whole = separated(whole)
		}
		if part != "" {
			whole += "." + part
		}
		if v < 0 && strings.Trim(digits, "0.") != "" {
			whole = "-" + whole
		}
		return whole
	}
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

// quantity writes rows, or the sum of their weights: 1,234 or 1,234.5.
func quantity(v float64) string {
	if math.Abs(v) >= 1e15 {
		return strconv.FormatFloat(v, 'e', 3, 64)
	}
	rounded := math.Round(v)
	if math.Abs(v-rounded) > 1e-6*max(1, math.Abs(v)) {
		whole, part := math.Modf(math.Round(v*10) / 10)
		return thousands(int64(whole)) + strconv.FormatFloat(math.Abs(part), 'f', 1, 64)[1:]
	}
	return thousands(int64(rounded))
}

func count(n float64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return quantity(n) + " " + noun
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int64) string {
	if n < 0 {
		return "-" + separated(strconv.FormatInt(n, 10)[1:])
	}
	return separated(strconv.FormatInt(n, 10))
}

func separated(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// short makes a name printable and cuts it to so many characters.
func short(name string, limit int) string {
	runes := []rune(printable(name))
	if len(runes) <= limit {
		return string(runes)
	}
	return strings.TrimRight(string(runes[:limit-1]), " ") + "…"
}

// printable keeps what stands in data from steering a terminal, and from being
// no text in a drawing.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// capital begins a sentence.
func capital(s string) string {
	for i, r := range s {
		return s[:i] + string(unicode.ToUpper(r)) + s[i+len(string(r)):]
	}
	return s
}
