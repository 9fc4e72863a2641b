package statestore

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// TaskID names a workflow's task: "<workflow id>/<ordinal>".
func TaskID(workflowID string, ordinal uint32) string {
	return workflowID + "/" + strconv.FormatUint(uint64(ordinal), 10)
}

// ParseTaskID takes a task's id apart, or wraps [ErrNotFound]: no task can have
// an id of another form.
func ParseTaskID(id string) (workflowID string, ordinal uint32, err error) {
	workflowID, number, found := strings.Cut(id, "/")
	n, err := strconv.ParseUint(number, 10, 32)
	if !found || err != nil || TaskID(workflowID, uint32(n)) != id {
		return "", 0, fmt.Errorf("task %q: %w: an id is \"<workflow id>/<ordinal>\"", id, ErrNotFound)
	}
	return workflowID, uint32(n), nil
}

// ParseWorkflowID returns the sixteen bytes of a workflow's id, or wraps
// [ErrNotFound]: no workflow can have an id that is no UUID in its usual form.
func ParseWorkflowID(id string) (uuid.UUID, error) {
	u, err := uuid.Parse(id)
	if err != nil || u.String() != id {
		return uuid.UUID{}, fmt.Errorf("workflow %q: %w: an id is a UUID in lower case", id, ErrNotFound)
	}
	return u, nil
}
