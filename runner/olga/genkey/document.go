package genkey

import (
	"iter"
	"strconv"
	"strings"
)

// Pos is a place in a file.
type Pos struct {
	Line   int // from 1
	Column int // of the character, from 1
}

// Document is a keyword file.
type Document struct {
	// Version is that of the program that wrote the file, such as 2017.2.0; "" where
	// the file does not say.
	Version string
	// Keywords stand at the top, in the file's order. A NETWORKCOMPONENT is one.
	Keywords []Keyword
	// Ended tells that the file has an ENDCASE.
	Ended bool
}

// Keyword is a keyword and what follows it.
type Keyword struct {
	Name       string // as it stands
	Parameters []Parameter
	// Section is the heading that it stands under, a comment between two lines of stars,
	// such as "Library keywords"; "" before the first.
	Section string
	// Keywords are those of a NETWORKCOMPONENT.
	Keywords []Keyword
	Pos      Pos
}

// The headings that OLGA writes.
const (
	SectionGlobal      = "Global keywords"
	SectionLibrary     = "Library keywords"
	SectionComponents  = "Network Component"
	SectionConnections = "Connections"
)

// Parameter is a name and its value.
type Parameter struct {
	Name  string // as it stands
	Value Value
	Pos   Pos
}

// Kind is the kind of a value.
type Kind uint8

// The kinds of values.
const (
	Word   Kind = iota + 1 // such as ON, WALL or 02/09/2022
	Text                   // what stood in quotes
	Number                 // one that float64 holds
	List                   // values in parentheses
)

// Value is what a parameter is set to.
type Value struct {
	Kind Kind
	// Text is the word, the text without its quotes, or the number as it is spelled.
	Text   string
	Number float64
	// Unit is the word that follows: a unit, which a list has for all its values, or
	// what a terminal is called. "" where there is none.
	Unit string
	List []Value
	Pos  Pos
}

// NewNumber makes a number.
func NewNumber(v float64, unit string) Value {
	return Value{Kind: Number, Text: strconv.FormatFloat(v, 'g', -1, 64), Number: v, Unit: unit}
}

// NewText makes a text.
func NewText(text string) Value { return Value{Kind: Text, Text: text} }

// NewWord makes a word.
func NewWord(word string) Value { return Value{Kind: Word, Text: word} }

// NewList makes a list, whose values have the unit.
func NewList(unit string, values ...Value) Value {
	return Value{Kind: List, List: values, Unit: unit}
}

// String is the value as [Document.Format] writes it, on one line.
func (v Value) String() string {
	var b strings.Builder
	v.write(&b, func() { b.WriteByte(' ') })
	return b.String()
}

// Values are those of a list, and else the value itself.
func (v Value) Values() []Value {
	if v.Kind == List {
		return v.List
	}
	return []Value{v}
}

// Is tells whether the keyword is of that name.
func (k *Keyword) Is(name string) bool { return strings.EqualFold(k.Name, name) }

// Get is the value of a parameter.
func (k *Keyword) Get(name string) (Value, bool) {
	for i := range k.Parameters {
		if strings.EqualFold(k.Parameters[i].Name, name) {
			return k.Parameters[i].Value, true
		}
	}
	return Value{}, false
}

// Text is the text of a parameter that is one word or text, and else "".
func (k *Keyword) Text(name string) string {
	v, _ := k.Get(name)
	return v.Text
}

// All are the keywords of a name in a list, in its order.
func All(list []Keyword, name string) iter.Seq[*Keyword] {
	return func(yield func(*Keyword) bool) {
		for i := range list {
			if list[i].Is(name) && !yield(&list[i]) {
				return
			}
		}
	}
}

// First is the first keyword of a name in a list; nil: there is none.
func First(list []Keyword, name string) *Keyword {
	for k := range All(list, name) {
		return k
	}
	return nil
}

// In are the keywords that stand at the top under a heading.
func (d *Document) In(section string) iter.Seq[*Keyword] {
	return func(yield func(*Keyword) bool) {
		for i := range d.Keywords {
			if strings.EqualFold(d.Keywords[i].Section, section) && !yield(&d.Keywords[i]) {
				return
			}
		}
	}
}

// The keywords that have a meaning for the form of a file.
const (
	networkComponent    = "NETWORKCOMPONENT"
	endNetworkComponent = "ENDNETWORKCOMPONENT"
	connection          = "CONNECTION"
	endCase             = "ENDCASE"
)

// Components are the NETWORKCOMPONENTs, in the file's order, each before those within
// it.
func (d *Document) Components() iter.Seq[*Keyword] {
	return func(yield func(*Keyword) bool) { components(d.Keywords, yield) }
}

// components goes as deep as components may be nested.
func components(list []Keyword, yield func(*Keyword) bool) bool {
	for k := range All(list, networkComponent) {
		if !yield(k) || !components(k.Keywords, yield) {
			return false
		}
	}
	return true
}

// Terminal is an end of a connection.
type Terminal struct {
	Component string // the TAG of a component, such as FLOWPATH_1
	Name      string // such as INLET or LEAK@VALVESIG
}

// Connection joins two terminals.
type Connection [2]Terminal

// Connections are what the CONNECTIONs of two terminals join, in the file's order.
func (d *Document) Connections() []Connection {
	var list []Connection
	for k := range All(d.Keywords, connection) {
		ends, _ := k.Get("TERMINALS")
		if len(ends.List) == 2 {
			a, b := ends.List[0], ends.List[1]
			list = append(list, Connection{{a.Text, a.Unit}, {b.Text, b.Unit}})
		}
	}
	return list
}
