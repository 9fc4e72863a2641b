package olga

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Numbers are those of strconv, bit for bit, whatever way their exponent is written.
func TestNumbersAreRoundedAsByStrconv(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64().Draw(t, "value")
		text := strconv.FormatFloat(v, 'e', rapid.IntRange(-1, 25).Draw(t, "digits"), 64)
		want, _ := strconv.ParseFloat(text, 64)
		behind := rapid.SampledFrom([]string{"", " ", "  8 ", "\t12345678"}).Draw(t, "behind")
		for _, spelling := range []string{
			text, strings.ToUpper(text), strings.ReplaceAll(text, "e", "D"), strings.Replace(strings.Replace(text, "e+", "e+0", 1), "e-", "e-0", 1),
			strings.Replace(text, "e", "", 1), "+" + strings.TrimPrefix(text, "-"),
		} {
			got, width, ok := parseNumber([]byte(spelling + behind))
			expected := want
			if spelling[0] == '+' {
				expected = math.Abs(want)
			}
			if !ok || width != len(spelling) || math.Float64bits(got) != math.Float64bits(expected) {
				t.Fatalf("%s is %v (%v), not %v", spelling, got, ok, expected)
			}
		}
	})
}

func TestWhatIsNoNumber(t *testing.T) {
	for _, text := range []string{"", "-", "+", ".", "e5", "1e", "1e+", "1x", "0x10", "1_000", "1..2", "1.2.3", "--1", "1-", "*1", "1e5e5", "1e5.0", "12345678901234567890x", "infinit"} {
		if v, width, ok := parseNumber([]byte(text + " 123456789")); ok || width != len(text) {
			t.Errorf("%q is %v", text, v)
		}
	}
	for text, want := range map[string]float64{"1.": 1, ".5": 0.5, "-.5E1": -5, "1+2": 100, "1e400": math.Inf(1), "1e-400": 0, "123456789012345678901234567890": 123456789012345678901234567890, "-0.0": math.Copysign(0, -1)} {
		if v, _, ok := parseNumber([]byte(text)); !ok || fmt.Sprint(v) != fmt.Sprint(want) {
			t.Errorf("%q is %v (%v), not %v", text, v, ok, want)
		}
	}
}
