import { compose } from '../../shared/compose.ts';

export default () => compose();
