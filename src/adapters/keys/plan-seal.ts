import { type PlanFile, planFileSchema } from '../../contracts/plan-file.ts';
import { canonicalJson } from '../../service/canonical.ts';
import type { PolicySigner } from '../../service/ports/registrar.ts';

/** Keeps a signed plan from passing as a policy, and a policy as a plan. */
const PLAN_TYPE = 'governance-plan+jws';

/** The text of a plan file: a compact JWS over the plan's RFC 8785 bytes, with the operator's key. */
export function sealPlan(plan: PlanFile, signer: PolicySigner): Promise<string> {
	return signer.sign(canonicalJson(plan), PLAN_TYPE);
}

/** The plan in a file's text; null when this operator's key did not sign it as a plan. */
export async function openPlan(text: string, signer: PolicySigner): Promise<PlanFile | null> {
	const payload = await signer.verify(text.trim(), PLAN_TYPE);
	const parsed = payload === null ? undefined : planFileSchema.safeParse(JSON.parse(payload));
	return parsed?.success ? parsed.data : null;
}
