package config

import (
	"strconv"
)

// Limits of a configuration's text; see [Parse].
const (
	maxBytes  = 128 << 10 // of text
	maxTokens = 10_000    // words and signs; the library's parser takes their square's time
	maxDepth  = 48        // of nesting
	maxNodes  = 20_000    // values, counting each expansion of an alias
)

// maxWhole is the greatest float64 up to which every whole number is exact.
const maxWhole = 1 << 53

type kind uint8

const (
	null kind = iota
	scalar
	sequence
	mapping
)

// node is a value with its place: YAML without anchors, aliases, merges and
// styles.
type node struct {
	kind  kind
	at    position
	value any    // of a scalar: bool, int64, float64 or string
	text  string // of a scalar: as written
	// unquoted tells a text without quotes, which is read again once its variables
	// have values.
	unquoted bool
	items    []*node // of a sequence
	entries  []entry // of a mapping, in order
}

type entry struct {
	key   string
	at    position
	value *node
}

// describe names the node's type for messages.
func (n *node) describe() string {
	switch n.kind {
	case null:
		return "nothing"
	case sequence:
		return "a list"
	case mapping:
		return "a map"
	}
	switch n.value.(type) {
	case bool:
		return n.text + " (true or false)"
	case int64, float64:
		return "the number " + shorten(n.text)
	}
	return "the text " + strconv.Quote(shorten(n.text))
}

func shorten(s string) string {
	const limit = 60
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}

// plain returns the value as nil, bool, int64, float64, string, []any or
// map[string]any.
func (n *node) plain() any {
	switch n.kind {
	case sequence:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.plain()
		}
		return list
	case mapping:
		m := make(map[string]any, len(n.entries))
		for _, e := range n.entries {
			m[e.key] = e.value.plain()
		}
		return m
	}
	return n.value
}

// record notes where every key beneath path is.
func (n *node) record(path string, into places) {
	for _, e := range n.entries {
		key := join(path, e.key)
		into[key] = e.at
		e.value.record(key, into)
	}
	for i, item := range n.items {
		key := path + "[" + strconv.Itoa(i) + "]"
		into[key] = item.at
		item.record(key, into)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
