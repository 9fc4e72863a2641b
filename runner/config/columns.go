package config

import "strings"

// Columns are names of a table's columns. In a file a single one needs no list.
type Columns []string

// decodeNode takes a name or a list of names.
func (c *Columns) decodeNode(n *node, path string) error {
	items := n.items
	if n.kind == scalar {
		items = []*node{n}
	} else if n.kind != sequence {
		return n.at.errorf(path, "must be a column's name or a list of names, not %s", n.describe())
	}
	names := make(Columns, len(items))
	for i, item := range items {
		at := path
		if n.kind == sequence {
			at = index(path, i)
		}
		if item.kind == null {
			return item.at.errorf(at, "has no value")
		}
		if err := decodeScalar(item, at, valueOf(&names[i])); err != nil {
			return err
		}
		if strings.TrimSpace(names[i]) == "" {
			return item.at.errorf(at, "must name a column")
		}
	}
	if len(names) > 0 {
		*c = names
	}
	return nil
}
