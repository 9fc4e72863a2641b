package table

import (
	"math"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestParsesFloatsAsStrconv holds the fast paths to strconv, bit by bit.
func TestParsesFloatsAsStrconv(t *testing.T) {
	decimals := rapid.OneOf(
		rapid.StringMatching(`[-+]?[0-9]{0,8}\.?[0-9]{0,8}`),
		rapid.StringMatching(`[-+]?[0-9]{0,25}\.?[0-9]{0,25}([eE][-+]?[0-9]{1,3})?`),
		rapid.Custom(func(t *rapid.T) string {
			return strconv.FormatFloat(rapid.Float64().Draw(t, "value"), rapid.SampledFrom([]byte("efg")).Draw(t, "verb"), -1, 64)
		}),
		rapid.StringMatching(`[-+.0-9eE/:;, ]{0,12}`),
	)
	rapid.Check(t, func(t *rapid.T) {
		text := decimals.Draw(t, "text")
		prefix := rapid.StringMatching(`[0-9.,-]{0,9}`).Draw(t, "bytes before")
		data := []byte(prefix + text)
		want, err := strconv.ParseFloat(text, 64)
		if numeric, ok := err.(*strconv.NumError); ok && numeric.Err == strconv.ErrRange {
			err = nil
		}
		for name, parse := range map[string]func() (float64, bool){
			"parseFloat":   func() (float64, bool) { return parseFloat([]byte(text)) },
			"parseFloatAt": func() (float64, bool) { return parseFloatAt(data, len(prefix), len(data)) },
		} {
			got, ok := parse()
			if ok != (err == nil) || ok && math.Float64bits(got) != math.Float64bits(want) {
				t.Fatalf("%s(%q) = %v, %v; strconv: %v, %v", name, text, got, ok, want, err)
			}
		}
	})
}

func TestParsesIntsAsStrconv(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[-+]?[0-9]{0,20}[ .x]?`).Draw(t, "text")
		want, err := strconv.ParseInt(text, 10, 64)
		negativeZero := want == 0 && len(text) > 0 && text[0] == '-'
		got, ok := parseInt([]byte(text))
		if ok != (err == nil && !negativeZero) || ok && got != want {
			t.Fatalf("parseInt(%q) = %d, %v; strconv: %d, %v", text, got, ok, want, err)
		}
	})
}

func TestParsesWords(t *testing.T) {
	for text, want := range map[string]float64{"inf": math.Inf(1), "-Inf": math.Inf(-1), "+INFINITY": math.Inf(1), "1e400": math.Inf(1), "-1e400": math.Inf(-1)} {
		if got, ok := parseFloat([]byte(text)); !ok || got != want {
			t.Errorf("parseFloat(%q) = %v, %v; want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "-", ".", "nan", "0x10", "1_000", "1e", "infin", "1,5", "1.2.3", "--1"} {
		if got, ok := parseFloat([]byte(text)); ok {
			t.Errorf("parseFloat(%q) = %v; want it refused", text, got)
		}
	}
}

// TestTimesReadBack holds parseTime to the time package over all of int64.
func TestTimesReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nanos := rapid.Int64().Draw(t, "nanos")
		zone := time.FixedZone("", 60*rapid.IntRange(-23*60, 23*60).Draw(t, "minutes east"))
		text := time.Unix(0, nanos).In(zone).Format(time.RFC3339Nano)
		if got, ok := parseTime([]byte(text)); !ok || got != nanos {
			t.Fatalf("parseTime(%q) = %d, %v; want %d", text, got, ok, nanos)
		}
	})
	for _, nanos := range []int64{math.MinInt64, math.MaxInt64, 0, -1} {
		if got, ok := parseTime(appendTime(nil, nanos)); !ok || got != nanos {
			t.Errorf("parseTime of %d gives %d, %v", nanos, got, ok)
		}
	}
}

func TestParsesTimes(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"1970-01-02":                     day,
		"1970-01-01 01:02":               62 * time.Minute,
		"1970-01-01T00:00:03.5":          3500 * time.Millisecond,
		"1970-01-01T00:00:00.000000001Z": 1,
		"1970-01-01T02:00:00+02:00":      0,
		"1972-02-29":                     789 * day,
	} {
		if got, ok := parseTime([]byte(text)); !ok || got != int64(want) {
			t.Errorf("parseTime(%q) = %d, %v; want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", "1970", "1970-1-1", "1970-13-01", "1970-00-01", "1971-02-29", "1970-01-32", "1970-01-01T", "1970-01-01T24:00",
		"1970-01-01T00:60", "1970-01-01T00:00:60Z", "1970-01-01T00:00:00.", "1970-01-01T00:00:00.0000000001",
		"1970-01-01T00:00:00+0200", "1970-01-01T00:00:00z1", "1600-01-01", "2300-01-01", "1677-09-21T00:12:43.145224191Z",
		"2262-04-11T23:47:16.854775808Z", "20-01-1970", "1970-01-01x00:00",
	} {
		if got, ok := parseTime([]byte(text)); ok {
			t.Errorf("parseTime(%q) = %d; want it refused", text, got)
		}
	}
}
