package config

import (
	"strconv"
	"strings"
)

// interval is a range tag such as "[0,1)" or "(0,)"; a bound that is left out is
// nil.
type interval struct {
	low, high         *float64
	openLow, openHigh bool // the bound itself is refused
}

func intervalOf(tag string) interval {
	low, high, _ := strings.Cut(tag[1:len(tag)-1], ",")
	return interval{low: bound(low), high: bound(high), openLow: tag[0] == '(', openHigh: tag[len(tag)-1] == ')'}
}

func bound(text string) *float64 {
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		return &v
	}
	return nil
}

func (r interval) has(v float64) bool {
	if r.low != nil && (v < *r.low || r.openLow && v == *r.low) {
		return false
	}
	return r.high == nil || v < *r.high || !r.openHigh && v == *r.high
}

// String is "at least 0 and below 1".
func (r interval) String() string {
	var bounds []string
	add := func(limit *float64, open bool, opened, closed string) {
		if limit == nil {
			return
		}
		word := closed
		if open {
			word = opened
		}
		bounds = append(bounds, word+" "+canonicalFloat(*limit))
	}
	add(r.low, r.openLow, "above", "at least")
	add(r.high, r.openHigh, "below", "at most")
	return strings.Join(bounds, " and ")
}
