package training

import (
	"errors"
	"fmt"
	"slices"

	"mlops/runner/config"
	"mlops/runner/preprocess"
	"mlops/runner/table"
)

const keyValidationData = "training.validation_data"

// checkValidationData refuses a size of the validation part where that is given.
func checkValidationData(cfg *config.Config) error {
	size := cfg.Training.TestSize
	if cfg.Training.ValidationData == "" || size == 0 || size == config.Default().Training.TestSize {
		return nil
	}
	return cfg.ErrorAt("training.test_size", "%s gives the rows to validate on, so none are set apart; leave one of the two out", keyValidationData)
}

// joined is the request's table with the rows to validate on after its own. given is
// the first of them; 0 where there are none.
func joined(request Request, cfg *config.Config) (data *table.Table, given int, err error) {
	own, validation := request.Table, request.Validation
	if validation == nil {
		if cfg.Training.ValidationData != "" {
			return nil, 0, cfg.ErrorAt(keyValidationData, "the table is to be read before the training: put it into the request")
		}
		return own, 0, nil
	}
	if own.NumRows() == 0 {
		return own, 0, nil // which is told as ever
	}
	if validation.NumRows() == 0 {
		return nil, 0, &DataError{Validation: true, Reason: "it has no rows"}
	}
	validation, err = validation.Select(own.Names()...)
	if err == nil {
		data, err = table.Concat(own, validation)
	}
	if err != nil {
		return nil, 0, &DataError{Validation: true, Reason: fmt.Sprintf("it does not go with the training data: %v", err), Err: err}
	}
	return data, own.NumRows(), nil
}

// splitGiven divides the used rows, by position, at the input's first row that was
// given to validate on.
func splitGiven(g *goal, given int) (train, validation []int, warnings []string, err error) {
	for position := range g.size() {
		if g.row(position) < given {
			train = append(train, position)
		} else {
			validation = append(validation, position)
		}
	}
	switch {
	case len(validation) == 0:
		return nil, nil, nil, &DataError{Column: g.Name, Validation: true, Reason: "every target is missing"}
	case len(train) == 0:
		return nil, nil, nil, &DataError{Column: g.Name, Reason: "every target of the training data is missing"}
	case g.problem.IsClassification():
		return train, validation, g.warnUnseen(train), g.checkLearnable(train)
	}
	return train, validation, nil, nil
}

// oneClass tells whether rows are all of one class.
func (g *goal) oneClass(positions []int) bool {
	return !slices.ContainsFunc(positions, func(p int) bool { return g.classes[p] != g.classes[positions[0]] })
}

// checkLearnable refuses training rows of one class.
func (g *goal) checkLearnable(train []int) error {
	if !g.oneClass(train) {
		return nil
	}
	return &DataError{Column: g.Name, Reason: fmt.Sprintf(
		"the target is constant: every row of the training data holds %q, so there is nothing to learn; name another target", g.Classes[g.classes[train[0]]])}
}

// warnUnseen tells of classes that no training row has.
func (g *goal) warnUnseen(train []int) (warnings []string) {
	seen := make([]bool, len(g.Classes))
	for _, p := range train {
		seen[g.classes[p]] = true
	}
	for k, label := range g.Classes {
		if !seen[k] {
			warnings = append(warnings, fmt.Sprintf("class %q is in the validation data only; the model never predicts it", label))
		}
	}
	return warnings
}

// inValidationData counts the row that an error names within the validation data,
// where it is one of those.
func (r *run) inValidationData(err error) error {
	var fault *DataError
	if r.given == 0 || !errors.As(err, &fault) {
		return err
	}
	moved := *fault
	var unknown *preprocess.UnknownCategoryError
	var cell *table.CellError
	switch {
	case fault.Row > r.given:
		moved.Row -= r.given
	case errors.As(fault.Err, &unknown) && unknown.Row > r.given:
		own := *unknown
		own.Row -= r.given
		moved.Reason, moved.Err = own.Error(), &own
	case errors.As(fault.Err, &cell) && cell.Row > r.given:
		own := *cell
		own.Row -= r.given
		moved.Reason, moved.Err = own.Error(), &own
	default:
		return err
	}
	moved.Validation = true
	return &moved
}
