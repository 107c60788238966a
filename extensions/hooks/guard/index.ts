import type { ExtensionContext, HookRegister } from '../../../src/adapters/directus/directus-types.ts';
import { installGuard } from '../../../src/adapters/directus/install-guard.ts';
import { getSlot } from '../../shared/runtime.ts';

/** Hook `governed-guard`: puts the write guard in charge of this process. */
export default function guard(register: HookRegister, context: ExtensionContext): void {
	installGuard(getSlot(context), register, context);
}
