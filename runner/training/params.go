package training

import (
	"fmt"
	"slices"

	"mlops/runner/config"
	"mlops/runner/gbdt"
	"mlops/runner/linear"
	"mlops/runner/neural"
)

// Params lists the parameters that each backend of this package takes. Which of them
// go together the backend's Check tells.
func Params() map[string][]config.Param {
	classWeights := config.Param{Name: "class_weight", Text: "null, balanced, or weights by label."}
	linears := plain(linear.ParamNames())
	textModels := plain(linear.ParamNames(logisticRegression, ridgeRegression))
	networks := append(plain(neural.ParamNames()), classWeights)
	userPrograms := config.ParamsOf[programParams]()
	boosted := config.ParamsOf[xgboostParams]()
	return map[string][]config.Param{
		"callable":    userPrograms,
		"classic":     distinctParams(config.ParamsOf[forestParams](), linears, boosted),
		deepLearning:  distinctParams(networks, userPrograms),
		"lightgbm":    boostingParams(),
		neuralBackend: distinctParams(networks),
		"nlp":         distinctParams(config.ParamsOf[nlpParams](), textModels, userPrograms),
		"xgboost":     boosted,
	}
}

func plain(names []string) []config.Param {
	params := make([]config.Param, len(names))
	for i, name := range names {
		params[i].Name = name
	}
	return params
}

// distinctParams joins lists, of each name the first.
func distinctParams(lists ...[]config.Param) []config.Param {
	var all []config.Param
	for _, list := range lists {
		for _, p := range list {
			if !slices.ContainsFunc(all, func(q config.Param) bool { return q.Name == p.Name }) {
				all = append(all, p)
			}
		}
	}
	return all
}

func boostingParams() []config.Param {
	var params []config.Param
	for _, p := range gbdt.ParamInfos() {
		params = append(params, config.Param{Name: p.Name, Text: p.Doc})
		for _, alias := range p.Aliases {
			params = append(params, config.Param{Name: alias, Text: fmt.Sprintf("The same as %s: %s", p.Name, p.Doc)})
		}
	}
	return params
}
