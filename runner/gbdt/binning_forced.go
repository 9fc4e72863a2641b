package gbdt

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
)

const (
	maxForcedBytes  = 16 << 20
	maxForcedBounds = maxBinLimit
)

// ReadForcedBins reads LightGBM's file of forced bins, a JSON list of
// {"feature": number, "bin_upper_bound": [numbers]}, into the features.
func ReadForcedBins(r io.Reader, features []Feature) error {
	text, err := io.ReadAll(io.LimitReader(r, maxForcedBytes+1))
	if err != nil {
		return fmt.Errorf("gbdt: read forced bins: %w", err)
	}
	if len(text) > maxForcedBytes {
		return fmt.Errorf("gbdt: read forced bins: longer than %d bytes", maxForcedBytes)
	}
	var entries []struct {
		Feature *int      `json:"feature"`
		Bounds  []float64 `json:"bin_upper_bound"`
	}
	if err := json.Unmarshal(text, &entries); err != nil {
		return fmt.Errorf("gbdt: read forced bins: %w", err)
	}
	for i, e := range entries {
		if e.Feature == nil || *e.Feature < 0 || *e.Feature >= len(features) {
			return fmt.Errorf("gbdt: read forced bins: entry %d (counting from 0) names no feature from 0 to %d", i, len(features)-1)
		}
	}
	for _, e := range entries {
		features[*e.Feature].ForcedBins = e.Bounds
	}
	return nil
}

// checkForced refuses forced bins that mean nothing.
func checkForced(f *Feature) error {
	switch {
	case len(f.ForcedBins) == 0:
		return nil
	case f.Categorical:
		return &FeatureError{Feature: f.Name, Row: -1, Reason: "is categorical: forced bins are for numbers"}
	case len(f.ForcedBins) > maxForcedBounds:
		return &FeatureError{Feature: f.Name, Row: -1, Reason: fmt.Sprintf("has %d forced bins, more than %d", len(f.ForcedBins), maxForcedBounds)}
	}
	for _, v := range f.ForcedBins {
		if !finite(v) {
			return &FeatureError{Feature: f.Name, Row: -1, Reason: fmt.Sprintf("has the forced bin %v, which is not finite", v)}
		}
	}
	return nil
}

// forcedBounds puts bounds at the given values, after those around zero, and
// shares the other bins among the intervals between them by their rows.
func forcedBounds(distinct []valueCount, forced []float64, maxBin, total, minData int) []float64 {
	var bounds []float64
	negative, positive := distinct[0].value < -zeroThreshold, distinct[len(distinct)-1].value > zeroThreshold
	switch {
	case maxBin == 2 && !negative:
		bounds = append(bounds, zeroThreshold)
	case maxBin == 2:
		bounds = append(bounds, -zeroThreshold)
	case maxBin >= 3:
		if negative {
			bounds = append(bounds, -zeroThreshold)
		}
		if positive {
			bounds = append(bounds, zeroThreshold)
		}
	}
	bounds = append(bounds, math.Inf(1))
	room := maxBin - len(bounds)
	for _, v := range forced {
		if room > 0 && math.Abs(v) > zeroThreshold && !slices.Contains(bounds, v) {
			bounds = append(bounds, v)
			room--
		}
	}
	slices.Sort(bounds)
	free := maxBin - len(bounds)
	var more []float64
	at := 0
	for i, bound := range bounds {
		start, rows := at, 0
		for at < len(distinct) && distinct[at].value < bound {
			rows += distinct[at].count
			at++
		}
		left := maxBin - len(bounds) - len(more)
		share := min(int(math.Round(float64(rows)*float64(free)/float64(total))), left) + 1
		if i == len(bounds)-1 {
			share = left + 1
		}
		if start == at {
			continue
		}
		within := greedyBounds(distinct[start:at], share, rows, minData)
		more = append(more, within[:len(within)-1]...) // the last one is infinite
	}
	bounds = append(bounds, more...)
	slices.Sort(bounds)
	return bounds
}
