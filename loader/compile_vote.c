#include "loader/compile_vote.h"

#include "loader/build_value.h"
#include "loader/intake_value.h"

static void tell_refused(struct report *report, const struct indicator *record, const char *why)
{
	report_add(report, &(struct problem){
				   .reason = "pattern cannot be compiled",
				   .object = record->id.size > 0 ? record->id : record->value,
				   .detail = slice_text(why),
				   .line = record->line,
			   });
}

// Returns 1 when the value was taken, 0 when not, or an error.
static int add_value(struct build *build, const struct judgement *judgement,
                     const struct judged_value *judged, struct report *report,
                     uint32_t indicator_id)
{
	struct intake_value value = *judged->value;
	const char *why = "";
	int result;

	if (judged->decision.action == ACTION_IGNORE)
		return 0;
	if (judged->decision.action < value.terms.action)
		value.terms.action = judged->decision.action;
	if (judgement->has_same_subdomains) // names below are meant as much
		value.terms.kinds &= (uint8_t)~ENTRY_BESIDE;
	result = build_value_add(build, indicator_id, &value, &why);
	if (result == 0)
		tell_refused(report, &judgement->record, why);
	return result;
}

int compile_vote_add(struct build *build, const struct judgement *judgement, struct report *report,
                     uint32_t *ret_indicator_id)
{
	uint32_t indicator_id;
	size_t taken = 0;

	*ret_indicator_id = NO_INDICATOR;
	if (judgement->action == ACTION_IGNORE)
		return 0;
	int error = build_add_indicator(build, &judgement->record, &indicator_id);
	if (error < 0)
		return error;
	for (size_t i = 0; i < judgement->value_count; i++) {
		int result = add_value(build, judgement, &judgement->values[i], report,
		                       indicator_id);

		if (result < 0)
			return result;
		taken += (size_t)result;
	}
	if (taken > 0)
		*ret_indicator_id = indicator_id;
	else
		build_withdraw_indicator(build, indicator_id);
	return 0;
}
