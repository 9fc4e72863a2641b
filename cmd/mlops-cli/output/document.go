package output

import (
	"bytes"
	"encoding/json"
	"math"
	"sort"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Field is one key of a document.
type Field struct {
	Key   string
	Value any
}

// Document is an object whose keys keep their order. Its values are bool,
// int64, uint64, float64, string, nil, Document or []any of these.
type Document []Field

// Of returns a message as a document. A message that is not set is nil; of a
// oneof only the member that is set appears.
func Of(m proto.Message) Document {
	r := m.ProtoReflect()
	fields := r.Descriptor().Fields()
	document := make(Document, 0, fields.Len())
	for i := range fields.Len() {
		field := fields.Get(i)
		if field.ContainingOneof() != nil && !r.Has(field) {
			continue
		}
		document = append(document, Field{Key: string(field.Name()), Value: fieldValue(r, field)})
	}
	return document
}

func fieldValue(r protoreflect.Message, field protoreflect.FieldDescriptor) any {
	switch {
	case field.IsMap():
		entries := Document{}
		r.Get(field).Map().Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
			entries = append(entries, Field{Key: key.String(), Value: single(field.MapValue(), value)})
			return true
		})
		sort.Slice(entries, func(i, j int) bool { return entries[i].Key < entries[j].Key })
		return entries
	case field.IsList():
		list := r.Get(field).List()
		values := make([]any, list.Len())
		for i := range values {
			values[i] = single(field, list.Get(i))
		}
		return values
	case field.Message() != nil && !r.Has(field):
		return nil
	}
	return single(field, r.Get(field))
}

func single(field protoreflect.FieldDescriptor, value protoreflect.Value) any {
	switch field.Kind() {
	case protoreflect.BoolKind:
		return value.Bool()
	case protoreflect.EnumKind:
		return enumName(field.Enum(), value.Enum())
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return value.Float()
	case protoreflect.Uint32Kind, protoreflect.Uint64Kind, protoreflect.Fixed32Kind, protoreflect.Fixed64Kind:
		return value.Uint()
	case protoreflect.StringKind:
		return value.String()
	case protoreflect.BytesKind:
		return string(value.Bytes())
	case protoreflect.MessageKind, protoreflect.GroupKind:
		switch m := value.Message().Interface().(type) {
		case *timestamppb.Timestamp:
			return m.AsTime().Format(time.RFC3339Nano)
		case *durationpb.Duration:
			return m.AsDuration().Seconds()
		default:
			return Of(m)
		}
	}
	return value.Int()
}

// enumName drops the prefix that the protocol's style gives each value:
// WORKFLOW_STATE_SUCCEEDED of WorkflowState is SUCCEEDED.
func enumName(enum protoreflect.EnumDescriptor, number protoreflect.EnumNumber) any {
	value := enum.Values().ByNumber(number)
	if value == nil {
		return int64(number)
	}
	zero := string(enum.Values().Get(0).Name())
	return strings.TrimPrefix(string(value.Name()), strings.TrimSuffix(zero, "UNSPECIFIED"))
}

// Get returns the value of a key, or nil.
func (d Document) Get(key string) any {
	for _, f := range d {
		if f.Key == key {
			return f.Value
		}
	}
	return nil
}

// MarshalJSON writes the keys in their order.
func (d Document) MarshalJSON() ([]byte, error) {
	if d == nil {
		return []byte("null"), nil
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range d {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := encode(f.Key)
		if err != nil {
			return nil, err
		}
		value, err := encode(finite(f.Value))
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encode is json.Marshal without the escapes that only HTML needs.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// finite replaces numbers that JSON cannot write by nil.
func finite(v any) any {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
	case []any:
		values := make([]any, len(v))
		for i := range v {
			values[i] = finite(v[i])
		}
		return values
	}
	return v
}
