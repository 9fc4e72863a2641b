package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// reservedPrefix begins labels that the programs set themselves.
const reservedPrefix = "mlops."

// parseLabels takes labels of the form k=v.
func parseLabels(texts []string) (map[string]string, error) {
	labels := map[string]string{}
	for _, text := range texts {
		key, value, found := strings.Cut(text, "=")
		switch {
		case !found || key == "":
			return nil, fmt.Errorf("--label %q: use key=value", text)
		case strings.HasPrefix(key, reservedPrefix):
			return nil, fmt.Errorf("--label %q: labels that begin with %q are set by the programs themselves", text, reservedPrefix)
		}
		if earlier, twice := labels[key]; twice && earlier != value {
			return nil, fmt.Errorf("--label %q: %s was given as %q before", text, key, earlier)
		}
		labels[key] = value
	}
	return labels, nil
}

// units of sizes; the longer endings come first.
var units = []struct {
	ending string
	bytes  float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12},
	{"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {"T", 1 << 40},
	{"B", 1},
}

// minSize keeps a forgotten unit from becoming a limit.
const minSize = 1 << 20

// parseSize takes a size such as "4GiB", "500MB" or a number of bytes.
func parseSize(flag, text string, otherwise int64) (int64, error) {
	if text == "" {
		return otherwise, nil
	}
	number, factor := strings.TrimSpace(text), 1.0
	for _, u := range units {
		if rest, ok := strings.CutSuffix(number, u.ending); ok {
			number, factor = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(n) || n <= 0 || n*factor > 1<<50 {
		return 0, fmt.Errorf("%s %q: use a size such as 4GiB or 500MB", flag, text)
	}
	if size := int64(n * factor); size >= minSize {
		return size, nil
	}
	return 0, fmt.Errorf("%s %q is less than 1MiB: is a unit missing?", flag, text)
}
