import type { FlowFault, FlowShape } from './flow-shape.ts';

/** Names in a refusal come from whoever made the flow: cut, so that nobody fills a message with them. */
const MAX_NAME = 64;

const WHY: Record<FlowFault, string> = {
	OPERATION_NOT_ALLOWED: 'is of a type that the policy does not name',
	SHAPES_MIXED: 'stands in one flow with a dispatch; a flow syncs or dispatches',
	CDC_TRIGGER: 'needs an event trigger of type action, or a schedule',
	DISPATCH_MODE: 'must name its mode, PLAN_ONLY or DRY_RUN, itself',
	FILTER_RETURNS: 'a filter flow may not return data: it would replace a payload that was already looked at',
	FILTER_HELPER: 'could change the payload of a filter flow after it was looked at',
	OPTIONS_UNREADABLE: 'the options of the flow are no object',
};

/** One clause that says which operation is at fault and why: `operation send (request) is of a type …`. */
export function describeFault({ fault, operation }: FlowShape & { kind: 'violating' }): string {
	if (operation === null) return WHY[fault];
	return `operation ${cut(operation.key)} (${cut(operation.type)}) ${WHY[fault]}`;
}

const cut = (name: string): string => (name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name);
