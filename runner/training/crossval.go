package training

import (
	"context"
	"fmt"
	"math"
	"time"

	"mlops/runner/config"
	"mlops/runner/progress"
)

// stoppingShare is the part of a fold's training rows that early stopping looks
// at: the fold's own validation rows must not decide when to stop.
const stoppingShare = 0.2

// validationUser is a backend that may stop early.
type validationUser interface {
	UsesValidation(cfg *config.Config) bool
}

// roundsCounter is a model that tells how many rounds of training it holds.
type roundsCounter interface {
	Rounds() int
}

func needsValidation(b Backend, cfg *config.Config) bool {
	u, ok := b.(validationUser)
	return ok && u.UsesValidation(cfg)
}

// crossValidate scores the training part by folds, with preprocessing and model
// fitted anew for each on the other folds. No scores and a warning come back
// where there are too few rows for that.
func (r *run) crossValidate(ctx context.Context) ([]float64, error) {
	if reason := r.tooFewForFolds(); reason != "" {
		r.warnings = append(r.warnings, reason+"; cross-validation is left out")
		return nil, nil
	}
	fold, warnings, err := folds(r.goal, r.train, r.cfg)
	if err != nil {
		return nil, err
	}
	r.warnings = append(r.warnings, warnings...)
	k := r.cfg.Training.CVFolds
	if f := r.oneSided(fold, k); f >= 0 {
		r.warnings = append(r.warnings, fmt.Sprintf("the rows to learn from for fold %d are of one class only; cross-validation is left out", f+1))
		return nil, nil
	}
	scores := r.foldsDone(ctx, k)
	began, begun := r.now(), len(scores)
	for f := begun; f < k; f++ {
		var train, judged []int
		for i, position := range r.train {
			switch {
			case fold[i] == f:
				judged = append(judged, position)
			case r.goal.trainsFold(fold[i], f):
				train = append(train, position)
			}
		}
		score, err := r.scoreFold(ctx, f, train, judged)
		if err != nil {
			return nil, fmt.Errorf("cross-validation fold %d of %d: %w", f+1, k, err)
		}
		scores = append(scores, score)
		r.keepFolds(ctx, scores)
		perFold := r.now().Sub(began) / time.Duration(f+1-begun)
		progress.From(ctx).Report(progress.Report{
			Stage: "cross_validate", Fraction: float64(f+1) / float64(k), Left: perFold * time.Duration(k-f-1),
			Metrics: map[string]float64{"fold": float64(f + 1), headline(r.goal.problem): score},
		})
	}
	return scores, nil
}

// tooFewForFolds tells what keeps the folds from being scored, unless [folds]
// itself refuses them.
func (r *run) tooFewForFolds() string {
	k := r.cfg.Training.CVFolds
	switch {
	case len(r.train) < k:
	case r.goal.problem == Binary:
		for class, rows := range countOfClasses(r.goal.classes, 2) {
			if rows < 3 { // one row may be held out for validation already
				return fmt.Sprintf("class %q has fewer than 3 rows", r.goal.Classes[class])
			}
		}
	case r.goal.problem == Regression && len(r.train) < 2*k:
		return fmt.Sprintf("r2_score needs at least 2 rows in each of the %d folds, and there are only %d to train on", k, len(r.train))
	}
	return ""
}

// oneSided returns a fold for which there is only one class to learn from, -1 where
// there is none. Only whole groups and times can bring that about.
func (r *run) oneSided(fold []int, k int) int {
	if r.goal.groups == nil && r.goal.moments == nil || !r.goal.problem.IsClassification() {
		return -1
	}
	for f := range k {
		seen := map[int]bool{}
		for i, position := range r.train {
			if r.goal.trainsFold(fold[i], f) {
				seen[r.goal.classes[position]] = true
			}
		}
		if len(seen) < 2 {
			return f
		}
	}
	return -1
}

// scoreFold trains on some positions and gives the headline metric of others.
func (r *run) scoreFold(ctx context.Context, f int, train, judged []int) (float64, error) {
	rest, apart := train, []int(nil)
	if needsValidation(r.backend, r.cfg) {
		held := int(math.Ceil(stoppingShare * float64(len(train))))
		rest, apart = divide(r.goal, train, held, generator(r.cfg, streamStopping+uint64(f)))
	}
	p, err := r.prepareRows(ctx, rest)
	if err != nil {
		return 0, err
	}
	job := Job{Train: p.train, Quiet: true, Snapshots: r.snapshots(ctx, fmt.Sprintf("fold-%d", f+1))}
	if len(apart) > 0 {
		stopping, err := r.judgedRows(ctx, p.fitted, apart)
		if err != nil {
			return 0, err
		}
		job.Validation = &stopping
	}
	m, err := r.fitModel(ctx, job)
	if err != nil {
		return 0, err
	}
	if counted, ok := m.(roundsCounter); ok && job.Validation != nil {
		r.foldRounds = append(r.foldRounds, counted.Rounds())
	}
	truth, err := r.judgedRows(ctx, p.fitted, judged)
	if err != nil {
		return 0, err
	}
	prediction, err := predictData(ctx, m, truth)
	if err != nil {
		return 0, err
	}
	return score(r.goal.problem, truth, prediction), nil
}

// meanAndDeviation gives the mean and the population standard deviation, as
// numpy's mean and std.
func meanAndDeviation(values []float64) (mean, deviation float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		deviation += (v - mean) * (v - mean) / float64(len(values))
	}
	return mean, math.Sqrt(deviation)
}
