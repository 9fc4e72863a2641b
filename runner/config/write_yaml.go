package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The library's encoder leaves texts such as ".inf" or "1e5" without quotes and
// so changes their type; this one quotes whatever is not plainly a word.

// writeYAML writes value after head ("key:" or "-") in block style.
func writeYAML(b *strings.Builder, head string, value any, indent string) {
	outer := indent[2:]
	switch v := value.(type) {
	case pairs:
		if len(v) == 0 {
			fmt.Fprintf(b, "%s%s {}\n", outer, head)
			return
		}
		fmt.Fprintf(b, "%s%s\n", outer, head)
		for _, p := range v {
			writeYAML(b, textYAML(p.key)+":", p.value, indent+"  ")
		}
	case []any:
		if len(v) == 0 {
			fmt.Fprintf(b, "%s%s []\n", outer, head)
			return
		}
		fmt.Fprintf(b, "%s%s\n", outer, head)
		for _, item := range v {
			writeYAML(b, "-", item, indent+"  ")
		}
	default:
		fmt.Fprintf(b, "%s%s %s\n", outer, head, scalarYAML(value))
	}
}

// flowYAML writes a value in one line: maps and lists in flow style, float64 as float
// writes them.
func flowYAML(value any, float func(float64) string) string {
	var parts []string
	switch v := value.(type) {
	case pairs:
		for _, p := range v {
			parts = append(parts, textYAML(p.key)+": "+flowYAML(p.value, float))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		for _, item := range v {
			parts = append(parts, flowYAML(item, float))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case float64:
		return float(v)
	}
	return scalarYAML(value)
}

func scalarYAML(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return textYAML(v)
	case float64:
		return floatYAML(v)
	case float32:
		return floatYAML(float64(v))
	}
	return fmt.Sprint(value)
}

// floatYAML writes the shortest form that reads back as the same float.
func floatYAML(v float64) string {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.Contains(text, ".") {
		if mantissa, exponent, ok := strings.Cut(text, "e"); ok {
			return mantissa + ".0e" + exponent
		}
		return text + ".0"
	}
	return text
}

var (
	word     = regexp.MustCompile(`^[A-Za-z_/][A-Za-z0-9_./-]*$|^\./[A-Za-z0-9_./-]*$|^[0-9]+\.[0-9]+\.[0-9]+$`)
	reserved = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
)

// textYAML writes a word as it is and any other text in JSON's quotes, which
// YAML shares.
func textYAML(s string) string {
	if word.MatchString(s) && !slices.Contains(reserved, strings.ToLower(s)) {
		return s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return strconv.Quote(s)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
