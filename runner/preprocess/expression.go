package preprocess

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"mlops/runner/config"
	"mlops/runner/table"
)

// Limits of an expression.
const (
	maxExpressionBytes = 1000
	maxExpressionNodes = 200
)

// expression is arithmetic over the columns of one row. The library's language is
// cut down to numbers, column names, + - * / ** ^, comparisons, and or not, ?: and
// the functions below: nothing in it can loop, call out or allocate.
type expression struct {
	source  string
	columns []string // by slot
	program *vm.Program
}

// ofOne are the functions of one number.
var ofOne = map[string]func(float64) float64{
	"abs": math.Abs, "ceil": math.Ceil, "floor": math.Floor, "round": math.RoundToEven, "sqrt": math.Sqrt, "cbrt": math.Cbrt,
	"exp": math.Exp, "expm1": math.Expm1, "log": math.Log, "log1p": math.Log1p, "log2": math.Log2, "log10": math.Log10,
	"sin": math.Sin, "cos": math.Cos, "tan": math.Tan, "atan": math.Atan, "tanh": math.Tanh,
	"sign": func(v float64) float64 {
		switch {
		case v > 0:
			return 1
		case v < 0:
			return -1
		}
		return v
	},
}

// ofTwo are the functions of two numbers, of which min and max take more.
var ofTwo = map[string]func(a, b float64) float64{
	"min":   func(a, b float64) float64 { return min(a, b) },
	"max":   func(a, b float64) float64 { return max(a, b) },
	"pow":   math.Pow,
	"atan2": math.Atan2,
	"mod": func(a, b float64) float64 { // with the sign of b, as Python's %
		m := math.Mod(a, b)
		if m != 0 && (m < 0) != (b < 0) {
			m += b
		}
		return m
	},
}

const columnFunction = "col"

func functionNames() []string {
	names := append(slices.Collect(maps.Keys(ofOne)), slices.Collect(maps.Keys(ofTwo))...)
	names = append(names, columnFunction)
	slices.Sort(names)
	return names
}

var operators = []string{"+", "-", "*", "/", "**", "^", "==", "!=", "<", "<=", ">", ">=", "and", "&&", "or", "||", "not", "!"}

// compile parses and checks an expression. Its result is a number, or a truth
// value where a condition is wanted; without that wish a truth value becomes 0
// or 1.
func compile(source string, condition bool) (*expression, error) {
	if len(source) > maxExpressionBytes {
		return nil, fmt.Errorf("the expression has %d bytes; the limit is %d", len(source), maxExpressionBytes)
	}
	e := &expression{source: source}
	options := []expr.Option{expr.DisableAllBuiltins(), expr.MaxNodes(maxExpressionNodes)}
	c := conf.CreateNew()
	for _, option := range options {
		option(c)
	}
	tree, err := parser.ParseWithConfig(source, c)
	if err != nil {
		return nil, oneLine(err)
	}
	if err := e.accept(tree.Node); err != nil {
		return nil, err
	}
	if len(e.columns) == 0 {
		return nil, errors.New("the expression uses no column")
	}
	env := make(map[string]any, len(e.columns))
	for slot := range e.columns {
		env[slotName(slot)] = 0.0
	}
	options = append(options, expr.Env(env), expr.Patch(e))
	for name, f := range ofOne {
		options = append(options, expr.Function(name, func(p ...any) (any, error) { return f(p[0].(float64)), nil }, new(func(float64) float64)))
	}
	for name, f := range ofTwo {
		signature := any(new(func(float64, float64) float64))
		if name == "min" || name == "max" {
			signature = new(func(float64, float64, ...float64) float64)
		}
		options = append(options, expr.Function(name, func(p ...any) (any, error) {
			v := p[0].(float64)
			for _, next := range p[1:] {
				v = f(v, next.(float64))
			}
			return v, nil
		}, signature))
	}
	if e.program, err = expr.Compile(source, options...); err != nil {
		return nil, oneLine(err)
	}
	switch kind := e.program.Node().Type().Kind(); {
	case condition && kind != reflect.Bool:
		return nil, errors.New("the expression is no condition; compare something, such as age >= 18")
	case kind != reflect.Bool && kind != reflect.Float64:
		return nil, fmt.Errorf("the expression gives a %s, not a number", kind)
	}
	return e, nil
}

// oneLine drops the library's picture of the source from an error.
func oneLine(err error) error {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(first)
}

func slotName(slot int) string { return "c" + strconv.Itoa(slot) }

func (e *expression) slot(column string) int {
	if at := slices.Index(e.columns, column); at >= 0 {
		return at
	}
	e.columns = append(e.columns, column)
	return len(e.columns) - 1
}

// accept walks the tree, refuses what is not in the language and notes the
// columns.
func (e *expression) accept(node ast.Node) error {
	switch n := node.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return nil
	case *ast.IdentifierNode:
		if strings.HasPrefix(n.Value, "$") { // the library's own names
			break
		}
		if slices.Contains(functionNames(), n.Value) {
			return fmt.Errorf("%s is a function; write %s(…), or %s(%q) for a column of that name", n.Value, n.Value, columnFunction, n.Value)
		}
		e.slot(n.Value)
		return nil
	case *ast.UnaryNode:
		if !slices.Contains(operators, n.Operator) {
			return fmt.Errorf("the operator %s is not accepted (known: %s)", n.Operator, strings.Join(operators, " "))
		}
		return e.accept(n.Node)
	case *ast.BinaryNode:
		if n.Operator == "%" {
			return errors.New("the operator % is not accepted; write mod(a, b)")
		}
		if !slices.Contains(operators, n.Operator) {
			return fmt.Errorf("the operator %s is not accepted (known: %s)", n.Operator, strings.Join(operators, " "))
		}
		return e.acceptAll(n.Left, n.Right)
	case *ast.ConditionalNode:
		return e.acceptAll(n.Cond, n.Exp1, n.Exp2)
	case *ast.CallNode:
		return e.acceptCall(n)
	}
	return fmt.Errorf("%s is not accepted; use numbers, column names (%s(%q) for names that are not one word), arithmetic, comparisons, ?: and functions (known: %s)",
		shorten(node.String()), columnFunction, "petal length", strings.Join(functionNames(), ", "))
}

func (e *expression) acceptCall(n *ast.CallNode) error {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok || !slices.Contains(functionNames(), callee.Value) {
		known := strings.Join(functionNames(), ", ")
		if near := table.Nearest(n.Callee.String(), functionNames()); near != "" {
			return fmt.Errorf("unknown function %s; did you mean %s? (known: %s)", shorten(n.Callee.String()), near, known)
		}
		return fmt.Errorf("unknown function %s (known: %s)", shorten(n.Callee.String()), known)
	}
	if callee.Value == columnFunction {
		name, ok := columnOf(n)
		if !ok {
			return fmt.Errorf("%s takes the name of a column in quotes", columnFunction)
		}
		e.slot(name)
		return nil
	}
	return e.acceptAll(n.Arguments...)
}

func (e *expression) acceptAll(nodes ...ast.Node) error {
	for _, n := range nodes {
		if err := e.accept(n); err != nil {
			return err
		}
	}
	return nil
}

func columnOf(n *ast.CallNode) (string, bool) {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok || callee.Value != columnFunction || len(n.Arguments) != 1 {
		return "", false
	}
	name, ok := n.Arguments[0].(*ast.StringNode)
	if !ok {
		return "", false
	}
	return name.Value, true
}

// Visit makes every number a float and every column's name that of its slot, so
// that no name of a column means anything else to the library.
func (e *expression) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IntegerNode:
		ast.Patch(node, &ast.FloatNode{Value: float64(n.Value)})
	case *ast.IdentifierNode:
		if !slices.Contains(functionNames(), n.Value) {
			ast.Patch(node, &ast.IdentifierNode{Value: slotName(e.slot(n.Value))})
		}
	case *ast.CallNode:
		if name, ok := columnOf(n); ok {
			ast.Patch(node, &ast.IdentifierNode{Value: slotName(e.slot(name))})
		}
	}
}

// check tells whether the frame has the columns, as numbers.
func (e *expression) check(step config.Step, key string, in Frame) error {
	for _, name := range e.columns {
		c := in.Table.Column(name)
		if c == nil {
			return noColumn(step, key, name, in)
		}
		if c.Kind() != table.Float64 {
			return step.ErrorAt(key, "column %q holds text; encode or cast it before this step", name)
		}
	}
	return nil
}

// chunkRows is how many rows are computed between two looks at the context.
const chunkRows = 1 << 14

// values computes the expression for each row. Where a cell that it uses is
// missing the result is, too.
func (e *expression) values(ctx context.Context, in Frame) ([]float64, error) {
	columns := make([][]float64, len(e.columns))
	names := make([]string, len(e.columns))
	for slot, name := range e.columns {
		c, err := column(in, name)
		if err != nil {
			return nil, err
		}
		if c.Kind() != table.Float64 {
			return nil, otherKind("expression", c)
		}
		columns[slot], names[slot] = c.Floats(), slotName(slot)
	}
	out := make([]float64, in.Table.NumRows())
	chunks := (len(out) + chunkRows - 1) / chunkRows
	err := each(ctx, chunks, func(chunk int) error {
		var machine vm.VM
		env := make(map[string]any, len(columns))
		for row := chunk * chunkRows; row < min(len(out), (chunk+1)*chunkRows); row++ {
			if slices.ContainsFunc(columns, func(cells []float64) bool { return math.IsNaN(cells[row]) }) {
				out[row] = math.NaN()
				continue
			}
			for slot, cells := range columns {
				env[names[slot]] = cells[row]
			}
			result, err := machine.Run(e.program, env)
			if err != nil {
				return &ColumnError{Column: e.columns[0], Row: row + 1, Reason: fmt.Sprintf("%s: %v", e.source, oneLine(err))}
			}
			switch v := result.(type) {
			case float64:
				out[row] = v
			case bool:
				if v {
					out[row] = 1
				}
			}
		}
		return nil
	})
	return out, err
}
