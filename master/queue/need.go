package queue

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	mlopsv1 "mlops/proto/mlops/v1"
)

// Need is what a task asks of a worker. Its zero value fits every worker.
type Need struct {
	// Capabilities that the worker must offer, sorted, without duplicates.
	Capabilities []string
	// Labels that the worker must carry with exactly these values.
	Labels map[string]string
	// Class of the slot that the task takes: BATCH or INTERACTIVE.
	Class mlopsv1.SlotClass
	// Excluded workers, sorted: they refused the task before.
	Excluded []string
}

// NeedOf reads what a task asks for from its specification: its operation's name
// counts as a capability.
func NeedOf(t *mlopsv1.Task) Need {
	spec := t.GetSpec()
	capabilities := slices.Clone(spec.GetRequirements().GetCapabilities())
	if name := OperationName(spec.GetOperation()); name != "" {
		capabilities = append(capabilities, name)
	}
	slices.Sort(capabilities)
	excluded := slices.Clone(t.GetExcludedWorkers())
	slices.Sort(excluded)
	return Need{
		Capabilities: slices.Compact(capabilities),
		Labels:       spec.GetRequirements().GetLabels(),
		Class:        ClassOf(spec),
		Excluded:     slices.Compact(excluded),
	}
}

// OperationName is the name of the operation's kind ("train", "predict", …), or
// "" where none is set.
func OperationName(op *mlopsv1.Operation) string {
	m := op.ProtoReflect()
	field := m.WhichOneof(m.Descriptor().Oneofs().ByName("kind"))
	if field == nil {
		return ""
	}
	return string(field.Name())
}

// ClassOf is the kind of slot that a task takes: BATCH unless it says INTERACTIVE.
func ClassOf(spec *mlopsv1.TaskSpec) mlopsv1.SlotClass {
	if spec.GetSlotClass() == mlopsv1.SlotClass_SLOT_CLASS_INTERACTIVE {
		return mlopsv1.SlotClass_SLOT_CLASS_INTERACTIVE
	}
	return mlopsv1.SlotClass_SLOT_CLASS_BATCH
}

// signature is equal for equal needs and differs for different ones: every part
// is quoted, so that no label can imitate a separator.
func (n Need) signature() string {
	var b strings.Builder
	b.WriteString(strconv.Itoa(int(n.Class)))
	for _, c := range n.Capabilities {
		b.WriteString(" c" + strconv.Quote(c))
	}
	for _, k := range slices.Sorted(maps.Keys(n.Labels)) {
		b.WriteString(" l" + strconv.Quote(k) + strconv.Quote(n.Labels[k]))
	}
	for _, w := range n.Excluded {
		b.WriteString(" x" + strconv.Quote(w))
	}
	return b.String()
}

// Profile is what a worker offers.
type Profile struct {
	WorkerID     string
	Capabilities map[string]bool
	Labels       map[string]string
}

// Fits tells whether the worker may be granted a task that needs n, leaving the
// slot's class aside.
func (p *Profile) Fits(n Need) bool {
	for _, c := range n.Capabilities {
		if !p.Capabilities[c] {
			return false
		}
	}
	for k, v := range n.Labels {
		if have, ok := p.Labels[k]; !ok || have != v {
			return false
		}
	}
	_, excluded := slices.BinarySearch(n.Excluded, p.WorkerID)
	return !excluded
}

// CapabilityNames returns what the worker offers, sorted.
func (p *Profile) CapabilityNames() []string {
	return slices.Sorted(maps.Keys(p.Capabilities))
}
