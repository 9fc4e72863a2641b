package training

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"

	"mlops/runner/config"
	"mlops/runner/table"
)

// nlp is the backend of texts: columns of text become tf-idf weights of their terms,
// on which a logistic regression tells classes, and a ridge regression numbers.
type nlp struct{}

const (
	keyTextColumns  = "training.params.text_columns"
	nlpMaxFeatures  = 2000 // of a column by default: 16 kB a row
	leastTextTokens = 3    // words that the cells of a text have on average
)

// nlpParams are the parameters that choose and cut texts; the others are those of
// the linear model.
type nlpParams struct {
	TextColumns []string `yaml:"text_columns"`
	MaxFeatures int      `yaml:"max_features" range:"[1,50000]"`
	NgramRange  []int    `yaml:"ngram_range"`
	MinDF       float64  `yaml:"min_df" range:"[0,1e9]"`
	StopWords   []string `yaml:"stop_words"`
	SublinearTF bool     `yaml:"sublinear_tf"`
}

// params parts the texts' parameters from the linear model's.
func (nlp) params(cfg *config.Config) (nlpParams, *config.Config, error) {
	texts, linear := *cfg, *cfg
	texts.Training.Params, linear.Training.Params = map[string]any{}, map[string]any{}
	for key, value := range cfg.Training.Params {
		if ofTexts(key) {
			texts.Training.Params[key] = value
		} else {
			linear.Training.Params[key] = value
		}
	}
	p, err := config.DecodeTrainingParams(&texts, nlpParams{MaxFeatures: nlpMaxFeatures, NgramRange: []int{1, 2}, MinDF: 2, SublinearTF: true})
	return p, &linear, err
}

// ofTexts tells whether a parameter is one of nlpParams.
func ofTexts(key string) bool {
	return slices.ContainsFunc(config.ParamsOf[nlpParams](), func(p config.Param) bool { return p.Name == key })
}

func nlpModel(classes bool) linearEstimator {
	if classes {
		return logisticRegression
	}
	return ridgeRegression
}

func (n nlp) Check(cfg *config.Config) error {
	if err := checkModelType(cfg, []string{"auto", logisticRegression, ridgeRegression}); err != nil {
		return err
	}
	_, linear, err := n.params(cfg)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(cfg.Training.Params)) {
		if ofTexts(key) && cfg.Preprocessing.Steps != nil {
			return cfg.ErrorAt("training.params."+key, "has no effect where preprocessing.steps say what becomes of texts; set it in a step text_tfidf")
		}
	}
	if model, problem := cfg.Training.ModelType, cfg.Training.ProblemType; model != "auto" && problem != "auto" && (model == logisticRegression) != (problem == kindClassification) {
		return unfit(cfg, model, problem)
	}
	switch {
	case cfg.Training.ModelType == ridgeRegression || cfg.Training.ProblemType == "regression":
		return nlpModel(false).check(linear)
	case cfg.Training.ModelType == logisticRegression || cfg.Training.ProblemType == kindClassification:
		return nlpModel(true).check(linear)
	}
	if err := nlpModel(true).check(linear); err != nil && nlpModel(false).check(linear) != nil {
		return err // neither takes the parameters
	}
	return nil
}

func (n nlp) Fit(ctx context.Context, job Job) (Model, error) {
	_, linear, err := n.params(job.Config)
	if err != nil {
		return nil, err
	}
	model := nlpModel(job.Problem.IsClassification())
	if asked := job.Config.Training.ModelType; asked != "auto" && asked != string(model) {
		return nil, unfit(job.Config, asked, job.Problem)
	}
	job.Config = linear
	return model.fit(ctx, job, string(model))
}

// Load implements [Backend]. The models are those of the backend classic.
func (nlp) Load(info ModelInfo, r io.Reader) (Model, error) { return classic{}.Load(info, r) }

// ownPreprocessing makes tf-idf weights of the columns of text, and of other columns
// what the toggles say, categories as indicators.
func (n nlp) ownPreprocessing(cfg *config.Config, features *table.Table) (*config.Config, error) {
	if cfg.Preprocessing.Steps != nil {
		return cfg, nil
	}
	p, _, err := n.params(cfg)
	if err != nil {
		return nil, err
	}
	texts, err := textColumns(cfg, p, features)
	if err != nil {
		return nil, err
	}
	steps := []config.Step{{Type: "text_tfidf", Params: map[string]any{
		"columns": texts, "max_features": p.MaxFeatures, "ngram_range": p.NgramRange, "min_df": p.MinDF, "stop_words": p.StopWords, "sublinear_tf": p.SublinearTF,
	}}}
	var numbers, categories []string
	for _, c := range features.Columns() {
		switch {
		case slices.Contains(texts, c.Name()):
		case c.Kind() == table.String:
			categories = append(categories, c.Name())
		case c.IsNumeric():
			numbers = append(numbers, c.Name())
		}
	}
	toggles := cfg.Preprocessing
	if others := slices.Concat(numbers, categories); len(others) > 0 {
		steps = append(steps, config.Step{Type: "missing_values", Params: map[string]any{"strategy": toggles.HandleMissing, "columns": others}})
	}
	if toggles.EncodeCategorical && len(categories) > 0 {
		steps = append(steps, config.Step{Type: "categorical_encoder", Params: map[string]any{"method": "one_hot", "columns": categories}})
	}
	if toggles.ScaleFeatures && len(numbers) > 0 {
		steps = append(steps, config.Step{Type: "feature_scaler", Params: map[string]any{"columns": numbers}})
	}
	own := *cfg
	own.Preprocessing.Steps = steps
	return &own, nil
}

// textColumns are the columns that hold texts: those that the configuration names,
// or else those whose cells have three words or more on average.
func textColumns(cfg *config.Config, p nlpParams, features *table.Table) ([]string, error) {
	for _, name := range p.TextColumns {
		c := features.Column(name)
		if c == nil {
			return nil, cfg.ErrorAt(keyTextColumns, "%v", &table.MissingColumnError{Name: name, Have: features.Names()})
		}
		if c.Kind() != table.String {
			return nil, cfg.ErrorAt(keyTextColumns, "the column %q holds no text", name)
		}
	}
	if p.TextColumns != nil {
		return p.TextColumns, nil
	}
	var texts []string
	for _, c := range features.Columns() {
		if c.Kind() == table.String && meanWords(c) >= leastTextTokens {
			texts = append(texts, c.Name())
		}
	}
	if texts == nil {
		return nil, &DataError{Reason: "no column holds texts, of three words or more on average; name columns of text in " + keyTextColumns + ", or set training.backend to classic"}
	}
	return texts, nil
}

// meanWords is how many words the cells of a column of text have on average; 0
// without any.
func meanWords(c *table.Column) float64 {
	words := make([]int, len(c.Dict()))
	for i, text := range c.Dict() {
		words[i] = len(strings.Fields(text))
	}
	sum, cells := 0, 0
	for i, code := range c.Codes() {
		if !c.IsNull(i) {
			sum += words[code]
			cells++
		}
	}
	if cells == 0 {
		return 0
	}
	return float64(sum) / float64(cells)
}
