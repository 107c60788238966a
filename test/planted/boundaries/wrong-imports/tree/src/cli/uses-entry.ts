import { compose } from '../../extensions/shared/compose.ts';

export const kept = compose;
