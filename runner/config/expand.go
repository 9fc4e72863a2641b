package config

import (
	"strings"
)

// expand puts values in the place of ${NAME} and ${NAME:-default} in every text
// beneath n; $${ stands for ${ itself. What stands without quotes is read again
// afterwards: window_size: ${SIZE} is a number where SIZE is. A value is never
// read as anything but a single value, and never expanded again.
func expand(n *node, path string, value func(string) (string, bool)) error {
	for _, e := range n.entries {
		if err := expand(e.value, join(path, e.key), value); err != nil {
			return err
		}
	}
	for i, item := range n.items {
		if err := expand(item, index(path, i), value); err != nil {
			return err
		}
	}
	text, isText := n.value.(string)
	if n.kind != scalar || !isText || !strings.Contains(text, "${") {
		return nil
	}
	expanded, err := expandText(n.at, path, text, value)
	if err != nil {
		return err
	}
	n.value, n.text = expanded, expanded
	if !n.unquoted {
		return nil
	}
	// What is no YAML is a text all the same.
	if again, err := parse("", []byte(expanded)); err == nil {
		switch {
		case again.kind == scalar && again.text == expanded:
			n.value = again.value
		case expanded == "" || expanded == "null":
			n.kind, n.value = null, nil
		}
	}
	return nil
}

func expandText(at position, path, text string, value func(string) (string, bool)) (string, error) {
	var b strings.Builder
	for {
		start := strings.Index(text, "${")
		if start < 0 {
			b.WriteString(text)
			return b.String(), nil
		}
		if start > 0 && text[start-1] == '$' {
			b.WriteString(text[:start-1] + "${")
			text = text[start+2:]
			continue
		}
		b.WriteString(text[:start])
		inner, rest, closed := strings.Cut(text[start+2:], "}")
		if !closed {
			return "", at.errorf(path, "the variable %s has no closing brace; write $${ for the text ${ itself", quoted(text[start:]))
		}
		name, fallback, has := strings.Cut(inner, ":-")
		if !variableName(name) {
			return "", at.errorf(path, "%s names no variable: letters, digits and _ are taken; write $${ for the text ${ itself", quoted("${"+inner+"}"))
		}
		v, ok := value(name)
		switch {
		case ok && (v != "" || !has):
		case has:
			v = fallback
		default:
			return "", at.errorf(path, "the environment variable %s is not set; set it, or write ${%s:-default}", name, name)
		}
		b.WriteString(v)
		text = rest
	}
}

func variableName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
