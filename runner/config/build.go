package config

import (
	"math"
	"regexp"
	"slices"
	"strconv"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// builder turns a syntax tree into nodes.
type builder struct {
	in      *source
	anchors map[string]ast.Node
	count   int
}

func (b *builder) place(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{in: b.in}
	}
	return position{in: b.in, line: t.Position.Line, column: t.Position.Column}
}

func (b *builder) build(n ast.Node, path string, depth int) (*node, error) {
	if n == nil {
		return &node{}, nil
	}
	at := b.place(n.GetToken())
	if b.count++; b.count > maxNodes {
		return nil, at.errorf(path, "more than %d values, counting each use of an alias; simplify the configuration", maxNodes)
	}
	if depth > maxDepth {
		return nil, at.errorf(path, "nested more than %d levels deep", maxDepth)
	}
	switch n := n.(type) {
	case *ast.NullNode:
		return &node{at: at}, nil
	case *ast.BoolNode:
		return &node{kind: scalar, at: at, value: n.Value, text: n.Token.Value}, nil
	case *ast.StringNode:
		return plainText(n, at, path)
	case *ast.LiteralNode:
		return &node{kind: scalar, at: b.place(n.Start), value: n.Value.Value, text: n.Value.Value}, nil
	case *ast.IntegerNode:
		return b.integer(n, at, path)
	case *ast.FloatNode:
		if math.IsInf(n.Value, 0) || math.IsNaN(n.Value) {
			return nil, at.errorf(path, "%s is too large for a number", shorten(n.Token.Value))
		}
		return &node{kind: scalar, at: at, value: n.Value, text: n.Token.Value}, nil
	case *ast.InfinityNode, *ast.NanNode:
		return nil, at.errorf(path, "infinity and NaN are not accepted; give a finite number")
	case *ast.SequenceNode:
		out := &node{kind: sequence, at: at}
		for i, item := range n.Values {
			built, err := b.build(item, path+"["+strconv.Itoa(i)+"]", depth+1)
			if err != nil {
				return nil, err
			}
			out.items = append(out.items, built)
		}
		return out, nil
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 { // its own token is a colon
			at = b.place(n.Values[0].Key.GetToken())
		}
		return b.mapping(n.Values, at, path, depth)
	case *ast.MappingValueNode:
		return b.mapping([]*ast.MappingValueNode{n}, b.place(n.Key.GetToken()), path, depth)
	case *ast.AnchorNode:
		// Built before it is known by name, so that it cannot contain itself.
		built, err := b.build(n.Value, path, depth+1)
		if err == nil && n.Name != nil {
			b.anchors[n.Name.GetToken().Value] = n.Value
		}
		return built, err
	case *ast.AliasNode:
		target, err := b.target(n, path)
		if err != nil {
			return nil, err
		}
		return b.build(target, path, depth+1)
	case *ast.TagNode:
		return nil, at.errorf(path, "the tag %s is not accepted; write the value without it", shorten(n.Start.Value))
	}
	return nil, at.errorf(path, "this YAML construct is not accepted; use maps, lists and single values")
}

// plainFloat is a number with an exponent and no point, which YAML 1.2's core
// schema reads as a float and the library as text.
var plainFloat = regexp.MustCompile(`^[-+]?[0-9]+[eE][-+]?[0-9]+$`)

func plainText(n *ast.StringNode, at position, path string) (*node, error) {
	out := &node{kind: scalar, at: at, value: n.Value, text: n.Value, unquoted: n.Token.Type == token.StringType}
	if n.Token.Type == token.StringType && plainFloat.MatchString(n.Value) {
		f, err := strconv.ParseFloat(n.Value, 64)
		if err != nil {
			return nil, at.errorf(path, "%s is too large for a number", shorten(n.Value))
		}
		out.value = f
	}
	return out, nil
}

func (b *builder) integer(n *ast.IntegerNode, at position, path string) (*node, error) {
	out := &node{kind: scalar, at: at, text: n.Token.Value}
	switch v := n.Value.(type) {
	case int64:
		out.value = v
	case uint64:
		if v > math.MaxInt64 {
			return nil, at.errorf(path, "%s is too large for a whole number", shorten(n.Token.Value))
		}
		out.value = int64(v)
	default:
		return nil, at.errorf(path, "%s is no number that can be held", shorten(n.Token.Value))
	}
	return out, nil
}

func (b *builder) target(n *ast.AliasNode, path string) (ast.Node, error) {
	name := ""
	if n.Value != nil {
		name = n.Value.GetToken().Value
	}
	target, ok := b.anchors[name]
	if !ok {
		return nil, b.place(n.GetToken()).errorf(path, "the alias *%s names no anchor before it", shorten(name))
	}
	return target, nil
}

func (b *builder) mapping(values []*ast.MappingValueNode, at position, path string, depth int) (*node, error) {
	out := &node{kind: mapping, at: at}
	seen := make(map[string]position, len(values))
	var merges []*ast.MappingValueNode
	for _, v := range values {
		keyAt := b.place(v.Key.GetToken())
		if v.Key.IsMergeKey() {
			merges = append(merges, v)
			continue
		}
		key, err := b.key(v.Key, keyAt, path)
		if err != nil {
			return nil, err
		}
		if first, ok := seen[key]; ok {
			return nil, keyAt.errorf(join(path, key), "given twice, first on line %d; keep one of them", first.line)
		}
		seen[key] = keyAt
		value, err := b.build(v.Value, join(path, key), depth+1)
		if err != nil {
			return nil, err
		}
		out.entries = append(out.entries, entry{key: key, at: keyAt, value: value})
	}
	for _, v := range merges {
		merged, err := b.build(v.Value, path, depth+1)
		if err != nil {
			return nil, err
		}
		if err := out.merge(merged, b.place(v.Key.GetToken()), path); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// key returns a mapping key's text. Numbers and truth values are taken as
// written: a column may be named 1.
func (b *builder) key(k ast.MapKeyNode, at position, path string) (string, error) {
	var inner ast.Node = k
	if complexKey, ok := k.(*ast.MappingKeyNode); ok {
		inner = complexKey.Value
	}
	built, err := b.build(inner, path, 0)
	if err != nil {
		return "", err
	}
	if built.kind != scalar {
		return "", at.errorf(path, "a key must be a single value, not %s", built.describe())
	}
	return built.text, nil
}

const badMerge = "a merge (<<) takes a map or a list of maps"

// merge adds the entries that n lacks, as YAML's merge key does.
func (n *node) merge(from *node, at position, path string) error {
	switch from.kind {
	case mapping:
		for _, e := range from.entries {
			if !slices.ContainsFunc(n.entries, func(have entry) bool { return have.key == e.key }) {
				n.entries = append(n.entries, e)
			}
		}
		return nil
	case sequence:
		for _, item := range from.items {
			if item.kind != mapping {
				return at.errorf(path, badMerge)
			}
			if err := n.merge(item, at, path); err != nil {
				return err
			}
		}
		return nil
	}
	return at.errorf(path, badMerge)
}
